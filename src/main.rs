//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    affinityd::memory::settle();
    affinityd::http::install_provider();
    affinityd::cli::main()
}
