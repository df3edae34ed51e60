//! `%` formatting of `bytes` (`_PyBytes_FormatEx`).
//!
//! The template is read as Latin-1, so that bytes and characters correspond.

use super::percent::{self, Piece, Supply};
use super::{
    Context, Failure, Outcome, bounded_text, not_modelled, overflow_error, repr, text, type_error, type_name,
    value_error,
};
use crate::value::Value;

fn latin1(data: &[u8]) -> String {
    data.iter().map(|&byte| char::from(byte)).collect()
}

fn to_bytes(text: &str) -> impl Iterator<Item = u8> {
    // Only Latin-1 and ASCII are ever put in.
    text.chars().map(|c| u32::from(c) as u8)
}

/// `template % args` over data.
pub(crate) fn apply(ctx: Context, template: &[u8], args: &Value) -> Outcome<Vec<u8>> {
    let mut supply = Supply::new(args, matches!(args, Value::Range(_)));
    let mut out: Vec<u8> = Vec::new();
    for piece in percent::parse(&latin1(template)) {
        let conversion = match piece {
            Piece::Literal(literal) => {
                out.extend(to_bytes(&literal));
                continue;
            }
            Piece::Mapping => {
                supply.check_mapping()?;
                continue;
            }
            Piece::Error(failure) => return Err(failure),
            Piece::Conversion(conversion) => conversion,
        };
        if let Some(key) = &conversion.key {
            supply.look_up(ctx, &Value::Bytes(to_bytes(key).collect()))?;
        }
        let width = supply.amount(conversion.width, percent::width)?;
        let precision = supply.amount(conversion.precision, percent::precision)?;
        if let Some(failure) = conversion.error {
            return Err(failure);
        }
        let argument = supply.next()?;
        let shown = match conversion.code {
            'a' | 'r' => percent::convert_text(&conversion, width, precision, &repr::ascii(&argument)?)?,
            's' | 'b' => match &argument {
                Value::Bytes(data) => percent::convert_text(&conversion, width, precision, &latin1(data))?,
                other => {
                    return type_error(format!(
                        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
                        type_name(other)?
                    ));
                }
            },
            'c' => percent::lay_out(&conversion, width, &character(&argument)?.to_string(), false)?,
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                // Its messages call `%i` `%d`.
                let code = if conversion.code == 'i' { 'd' } else { conversion.code };
                let conversion = percent::Conversion { code, ..conversion };
                percent::lay_out(&conversion, width, &percent::integer(&conversion, precision, &argument)?, true)?
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let body = match percent::real(&conversion, precision, &argument) {
                    Err(Failure::Raise { .. }) => {
                        return type_error(format!("float argument required, not {}", type_name(&argument)?));
                    }
                    other => other?,
                };
                percent::lay_out(&conversion, width, &body, true)?
            }
            // Whether CPython takes it for a signed character depends on what stands before it.
            code if !code.is_ascii() => return not_modelled("the error for a conversion that is not ASCII"),
            code => {
                return value_error(format!(
                    "unsupported format character '{code}' (0x{:x}) at index {}",
                    u32::from(code),
                    conversion.index
                ));
            }
        };
        out.extend(to_bytes(&shown));
        bounded_text(Some(out.len()))?;
    }
    if supply.is_left() {
        type_name(args)?;
        return type_error("not all arguments converted during bytes formatting");
    }
    Ok(out)
}

/// The byte that `%c` writes.
fn character(x: &Value) -> Outcome<char> {
    const WANTED: &str = "%c requires an integer in range(256) or a single byte";
    match x {
        Value::Bytes(data) if data.len() == 1 => Ok(char::from(data[0])),
        Value::Int(_) | Value::Bool(_) => {
            let code = super::arguments::index(x)?;
            match text::code_point(&code).and_then(|code| u8::try_from(code).ok()) {
                Some(byte) => Ok(char::from(byte)),
                None => overflow_error("%c arg not in range(256)"),
            }
        }
        other => {
            type_name(other)?;
            type_error(WANTED)
        }
    }
}
