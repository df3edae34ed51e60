//! What the user sets in the editor.

use serde::Deserialize;
use serde_json::Value;

/// What a module that isn't strict is worth saying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NonStrict {
    /// Only where strictness is demanded.
    #[default]
    Demanded,
    /// Everywhere, as hints.
    Hints,
    /// Nothing, even where it is demanded.
    Off,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    pub non_strict: NonStrict,
    /// The target interpreter: a path, a name on `PATH`, or a virtual environment.
    pub python: Option<String>,
    /// Values of constants beside their assignments.
    pub inlay_hints: bool,
    /// The verdict above the module.
    pub code_lens: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { non_strict: NonStrict::Demanded, python: None, inlay_hints: true, code_lens: true }
    }
}

impl Settings {
    /// The settings in what a client sends: alone, or under `lyo`. `null` sets nothing.
    pub fn read(value: Value) -> Result<Settings, serde_json::Error> {
        let value = match value {
            Value::Object(mut table) => table.remove("lyo").unwrap_or(Value::Object(table)),
            other => other,
        };
        if value.is_null() { Ok(Settings::default()) } else { serde_json::from_value(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_stand_alone_or_under_lyo() {
        let hints = Settings { non_strict: NonStrict::Hints, ..Settings::default() };
        assert_eq!(Settings::read(json!({"nonStrict": "hints"})).unwrap(), hints);
        assert_eq!(Settings::read(json!({"lyo": {"nonStrict": "hints"}, "other": 1})).unwrap(), hints);
        assert_eq!(Settings::read(Value::Null).unwrap(), Settings::default());
        assert_eq!(Settings::read(json!({"lyo": null})).unwrap(), Settings::default());
        assert!(Settings::read(json!({"nonStrict": "loud"})).is_err());
    }
}
