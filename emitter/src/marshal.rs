//! The part of CPython's marshal format (`Python/marshal.c`) that the protocol with the harvester
//! uses: version 2, which has no back references, so that equal values have equal bytes.

use thiserror::Error;

/// A marshalled value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// UTF-8, surrogates allowed.
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
}

#[derive(Debug, Error)]
pub enum MarshalError {
    #[error("a message ends too early")]
    Short,
    #[error("a message holds an object of an unexpected type ({0:#x})")]
    Type(u8),
    #[error("a message is nested too deeply")]
    Deep,
    #[error("a message holds {0} where {1} was expected")]
    Shape(&'static str, &'static str),
}

const DEPTH: u32 = 200;

impl Value {
    pub fn text(text: impl AsRef<str>) -> Value {
        Value::Text(text.as_ref().as_bytes().to_vec())
    }

    pub fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Value {
        Value::Tuple(texts.into_iter().map(Value::text).collect())
    }

    /// A dict with string keys.
    pub fn record(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        Value::Dict(fields.into_iter().map(|(name, value)| (Value::text(name), value)).collect())
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an int",
            Value::Float(_) => "a float",
            Value::Text(_) => "a string",
            Value::Bytes(_) => "bytes",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Dict(_) => "a dict",
        }
    }

    fn wrong(&self, expected: &'static str) -> MarshalError {
        MarshalError::Shape(self.kind(), expected)
    }

    pub fn into_string(self) -> Result<String, MarshalError> {
        match self {
            Value::Text(bytes) => {
                Ok(String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
            }
            other => Err(other.wrong("a string")),
        }
    }

    pub fn into_bytes(self) -> Result<Vec<u8>, MarshalError> {
        match self {
            Value::Bytes(bytes) | Value::Text(bytes) => Ok(bytes),
            other => Err(other.wrong("bytes")),
        }
    }

    pub fn into_items(self) -> Result<Vec<Value>, MarshalError> {
        match self {
            Value::Tuple(items) | Value::List(items) => Ok(items),
            other => Err(other.wrong("a tuple")),
        }
    }

    pub fn into_entries(self) -> Result<Vec<(Value, Value)>, MarshalError> {
        match self {
            Value::Dict(entries) => Ok(entries),
            other => Err(other.wrong("a dict")),
        }
    }

    pub fn into_int(self) -> Result<i64, MarshalError> {
        match self {
            Value::Int(value) => Ok(value),
            other => Err(other.wrong("an int")),
        }
    }

    pub fn into_bool(self) -> Result<bool, MarshalError> {
        match self {
            Value::Bool(value) => Ok(value),
            other => Err(other.wrong("a bool")),
        }
    }

    pub fn into_float(self) -> Result<f64, MarshalError> {
        match self {
            Value::Float(value) => Ok(value),
            other => Err(other.wrong("a float")),
        }
    }
}

/// `marshal.dumps(value, 2)`
pub fn dumps(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    bytes
}

fn write_length(length: usize, bytes: &mut Vec<u8>) {
    // Plans are far smaller than 4 GiB; a longer one is refused by the reader as short.
    bytes.extend((length as u32).to_le_bytes());
}

fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::None => bytes.push(b'N'),
        Value::Bool(true) => bytes.push(b'T'),
        Value::Bool(false) => bytes.push(b'F'),
        Value::Int(value) => match i32::try_from(*value) {
            Ok(small) => {
                bytes.push(b'i');
                bytes.extend(small.to_le_bytes());
            }
            Err(_) => write_long(*value, bytes),
        },
        Value::Float(value) => {
            bytes.push(b'g');
            bytes.extend(value.to_le_bytes());
        }
        Value::Text(text) => {
            bytes.push(b'u');
            write_length(text.len(), bytes);
            bytes.extend(text);
        }
        Value::Bytes(data) => {
            bytes.push(b's');
            write_length(data.len(), bytes);
            bytes.extend(data);
        }
        Value::Tuple(items) | Value::List(items) => {
            bytes.push(if matches!(value, Value::Tuple(_)) { b'(' } else { b'[' });
            write_length(items.len(), bytes);
            for item in items {
                write(item, bytes);
            }
        }
        Value::Dict(entries) => {
            bytes.push(b'{');
            for (key, value) in entries {
                write(key, bytes);
                write(value, bytes);
            }
            bytes.push(b'0');
        }
    }
}

/// Digits of 15 bits, the count signed.
fn write_long(value: i64, bytes: &mut Vec<u8>) {
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 {
        digits.push((rest & 0x7fff) as u16);
        rest >>= 15;
    }
    let count = digits.len() as i32 * if value < 0 { -1 } else { 1 };
    bytes.push(b'l');
    bytes.extend(count.to_le_bytes());
    for digit in digits {
        bytes.extend(digit.to_le_bytes());
    }
}

/// `marshal.loads(bytes)` of what [`dumps`] and `marshal.dumps(…, 2)` write.
pub fn loads(bytes: &[u8]) -> Result<Value, MarshalError> {
    Reader { bytes }.value(0)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], MarshalError> {
        let (head, tail) = self.bytes.split_at_checked(count).ok_or(MarshalError::Short)?;
        self.bytes = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MarshalError> {
        let (head, tail) = self.bytes.split_first_chunk::<N>().ok_or(MarshalError::Short)?;
        self.bytes = tail;
        Ok(*head)
    }

    fn length(&mut self) -> Result<usize, MarshalError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    fn value(&mut self, depth: u32) -> Result<Value, MarshalError> {
        let [kind] = self.array()?;
        match self.after_kind(kind, depth)? {
            Some(value) => Ok(value),
            None => Err(MarshalError::Type(kind)),
        }
    }

    /// `None` is the end of a dict.
    fn after_kind(&mut self, kind: u8, depth: u32) -> Result<Option<Value>, MarshalError> {
        if depth > DEPTH {
            return Err(MarshalError::Deep);
        }
        Ok(Some(match kind {
            b'0' => return Ok(None),
            b'N' => Value::None,
            b'T' => Value::Bool(true),
            b'F' => Value::Bool(false),
            b'i' => Value::Int(i64::from(i32::from_le_bytes(self.array()?))),
            b'l' => self.long()?,
            b'g' => Value::Float(f64::from_le_bytes(self.array()?)),
            b'u' | b't' => {
                let length = self.length()?;
                Value::Text(self.take(length)?.to_vec())
            }
            b's' => {
                let length = self.length()?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            b'(' | b'[' => {
                let count = self.length()?;
                let mut items = Vec::with_capacity(count.min(self.bytes.len()));
                for _ in 0..count {
                    items.push(self.value(depth + 1)?);
                }
                if kind == b'(' { Value::Tuple(items) } else { Value::List(items) }
            }
            b'{' => {
                let mut entries = Vec::new();
                loop {
                    let [kind] = self.array()?;
                    let Some(key) = self.after_kind(kind, depth + 1)? else {
                        break;
                    };
                    entries.push((key, self.value(depth + 1)?));
                }
                Value::Dict(entries)
            }
            other => return Err(MarshalError::Type(other)),
        }))
    }

    fn long(&mut self) -> Result<Value, MarshalError> {
        let count = i32::from_le_bytes(self.array()?);
        let mut value: i128 = 0;
        for index in 0..count.unsigned_abs() {
            let digit = i128::from(u16::from_le_bytes(self.array()?));
            if index > 4 {
                return Err(MarshalError::Shape("a large int", "an int of 64 bits"));
            }
            value |= digit << (15 * index);
        }
        if count < 0 {
            value = -value;
        }
        i64::try_from(value).map(Value::Int).map_err(|_| MarshalError::Shape("a large int", "an int of 64 bits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_round_trip() {
        let value = Value::record([
            ("a", Value::Tuple(vec![Value::None, Value::Bool(true), Value::Int(-5)])),
            ("b", Value::List(vec![Value::Int(1 << 40), Value::Int(-(1 << 40)), Value::Float(1.5)])),
            ("c", Value::Bytes(vec![0, 255])),
        ]);
        assert_eq!(loads(&dumps(&value)).expect("written by dumps"), value);
    }

    #[test]
    fn a_message_cut_anywhere_is_an_error() {
        let bytes = dumps(&Value::record([("key", Value::texts(["a", "b"]))]));
        for end in 0..bytes.len() {
            assert!(loads(&bytes[..end]).is_err());
        }
    }
}
