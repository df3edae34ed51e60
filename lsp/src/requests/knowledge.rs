//! What is known of a value, in words.

use analyzer::{readable, shortened};
use const_eval::render::Renderer;
use const_eval::value::Value;

/// How many characters of a `repr` are shown at most.
const LONGEST: usize = 2000;

pub enum Knowledge {
    /// Python's own `repr`, cut if it is long, and the type's name.
    Known { repr: String, class: Option<String> },
    /// An object whose `repr` differs between processes, of a type that is known.
    Object { class: String },
    /// Why nothing is known.
    Unknown { reason: String },
}

pub fn of_value(renderer: &mut Renderer, value: &Value) -> Knowledge {
    if let Value::Unknown(reason) = value {
        return Knowledge::Unknown { reason: readable(&reason.message) };
    }
    let class = renderer.type_name(value);
    match (renderer.repr(value), class) {
        (Some(repr), class) => Knowledge::Known { repr: shortened(&repr, LONGEST), class },
        (None, Some(class)) => Knowledge::Object { class },
        (None, None) => Knowledge::Unknown { reason: "a known object without a fixed repr".to_owned() },
    }
}
