//! Compiles the Slint pages with their translations.

use slint_build::{CompileError, CompilerConfiguration, DefaultTranslationContext, compile_with_config};

fn main() -> Result<(), CompileError> {
    let config = CompilerConfiguration::new()
        .with_style("fluent".into())
        // One Vietnamese sentence has one translation, wherever it stands.
        .with_default_translation_context(DefaultTranslationContext::None)
        .with_bundled_translations("lang")
        // Element names, by which rigs and geometry tests find what is on a page.
        .with_debug_info(true);
    compile_with_config("main.slint", config)
}
