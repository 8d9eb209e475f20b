//! The language of what a command says.

use clap::ValueEnum;

use crate::registry::Text;

/// Language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// 简体中文
    Zh,
    /// English
    En,
}

impl Language {
    /// That of the environment: `LC_ALL`, `LC_MESSAGES`, `LANG`.
    pub(super) fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(std::env::var_os)
            .find(|value| !value.is_empty());
        let chinese = set.is_some_and(|value| value.to_string_lossy().starts_with("zh"));
        if chinese { Self::Zh } else { Self::En }
    }

    /// The text in this language.
    pub(super) fn of(self, text: &Text) -> &str {
        self.pick(&text.zh, &text.en)
    }

    /// The one in this language.
    pub(super) fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}
