//! Compiles the Slint pages.
fn main() -> Result<(), slint_build::CompileError> {
    let config = slint_build::CompilerConfiguration::new().with_style("fluent".into()).with_debug_info(true);
    slint_build::compile_with_config("main.slint", config)
}
