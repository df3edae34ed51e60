//! The JSON that the probe prints, read into the table without annotations.
//!
//! The format is told at the top of `ground/probe.py`.

use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::Value as Json;

use super::load::GroundError;
use super::{
    AttributeKind, CallClass, Contents, Entry, EntryKind, Export, Ground, GroundId, GroundModule, ImportEffect,
    TypeAttribute, TypeInfo,
};
use crate::value::{Integer, Value};
use crate::world::Target;

/// What a reference in the JSON stands for.
enum Reference {
    Data(Value),
    Entity(GroundId),
    Module(u32),
    Process,
}

struct Reader {
    entity_count: u32,
    module_numbers: FxHashMap<Arc<str>, u32>,
}

pub(super) fn read(text: &str) -> Result<Ground, GroundError> {
    let json: Json = serde_json::from_str(text).map_err(|error| GroundError::NotJson(error.to_string()))?;
    if json["format"].as_u64() != Some(1) {
        return Err(malformed("format"));
    }
    let target = read_target(&json["facts"])?;
    let modules = array(&json["modules"], "modules")?;
    let entities = array(&json["entities"], "entities")?;
    let mut reader = Reader {
        entity_count: u32::try_from(entities.len()).map_err(|_| malformed("entities"))?,
        module_numbers: FxHashMap::default(),
    };
    for (number, module) in modules.iter().enumerate() {
        reader.module_numbers.insert(string(&module[0], "module")?, number as u32);
    }
    let entries = entities.iter().map(|entity| reader.entry(entity)).collect::<Result<Vec<_>, _>>()?;
    let modules = modules.iter().map(|module| reader.module(module)).collect::<Result<Vec<_>, _>>()?;
    let failed = json["failed"]
        .as_object()
        .ok_or_else(|| malformed("failed"))?
        .iter()
        .map(|(name, error)| (Arc::from(name.as_str()), Arc::from(error.as_str().unwrap_or_default())))
        .collect();
    let by_name = names(&entries, &modules);
    for essential in ["builtins.object", "builtins.type", "builtins.function", "builtins.NoneType"] {
        if !by_name.contains_key(essential) {
            return Err(malformed("types"));
        }
    }
    Ok(Ground { target, modules, module_numbers: reader.module_numbers, failed, entries, by_name })
}

/// Canonical names first, types before the rest (`sys.version_info` is a type,
/// and the instance that the module exports); then what types call themselves, then other exports.
fn names(entries: &[Entry], modules: &[GroundModule]) -> FxHashMap<Arc<str>, GroundId> {
    let mut names = FxHashMap::default();
    let ids = || (0u32..).map(GroundId);
    for types in [true, false] {
        for (id, entry) in ids().zip(entries) {
            if entry.as_type().is_some() == types {
                names.entry(entry.qualified.clone()).or_insert(id);
            }
        }
    }
    for (id, entry) in ids().zip(entries) {
        if let Some(info) = entry.as_type() {
            names.entry(info.python_name.clone()).or_insert(id);
        }
    }
    for module in modules {
        for (name, export) in &module.exports {
            if let Export::Entity(id) = export {
                names.entry(qualify(&module.name, name)).or_insert(*id);
            }
        }
    }
    // From 3.14 on, int | str and typing.Union[int, str] are one type.
    if let Some(&union) = names.get("typing.Union") {
        names.entry("types.UnionType".into()).or_insert(union);
    }
    names
}

fn read_target(facts: &Json) -> Result<Target, GroundError> {
    let number = |json: &Json| json.as_u64().and_then(|number| u8::try_from(number).ok());
    let version = &facts["version"];
    let version = match (number(&version[0]), number(&version[1]), number(&version[2])) {
        (Some(major), Some(minor), Some(micro)) => (major, minor, micro),
        _ => return Err(malformed("version")),
    };
    let implementation = string(&facts["implementation"], "implementation")?;
    if &*implementation != "cpython" || version < (3, 11, 0) {
        return Err(GroundError::NotSupported {
            implementation: implementation.to_string(),
            version: format!("{}.{}.{}", version.0, version.1, version.2),
        });
    }
    Ok(Target {
        version,
        platform: string(&facts["platform"], "platform")?.to_string(),
        os_name: string(&facts["os_name"], "os_name")?.to_string(),
        optimize: number(&facts["optimize"]).ok_or_else(|| malformed("optimize"))?,
    })
}

impl Reader {
    fn module(&self, json: &Json) -> Result<GroundModule, GroundError> {
        let name = string(&json[0], "module")?;
        let mut exports = IndexMap::default();
        for pair in array(&json[1], "exports")?.chunks_exact(2) {
            let export = match self.reference(&pair[1])? {
                Reference::Data(value) => Export::Constant(value),
                Reference::Entity(id) => Export::Entity(id),
                Reference::Module(number) => Export::Module(number),
                Reference::Process => Export::Process,
            };
            exports.insert(string(&pair[0], "export")?, export);
        }
        let complete = !exports.contains_key("__getattr__");
        Ok(GroundModule {
            name,
            exports,
            import_effect: ImportEffect::Other("is not described".into()),
            reads: Vec::new(),
            complete,
        })
    }

    fn entry(&self, json: &Json) -> Result<Entry, GroundError> {
        let module = string(&json[1], "entity module")?;
        let name = string(&json[2], "entity name")?;
        let kind = match json[0].as_str() {
            Some("t") => EntryKind::Type(Box::new(self.type_info(json)?)),
            Some("f") => EntryKind::Function {
                signature: json[3].as_str().map(Arc::from),
                has_twin: json[4].as_bool().unwrap_or(false),
            },
            Some("i") => EntryKind::Instance { of: self.id(&json[3])?, contents: self.contents(json)? },
            _ => return Err(malformed("entity kind")),
        };
        Ok(Entry { qualified: qualify(&module, &name), module, name, kind, call: CallClass::UNKNOWN })
    }

    fn type_info(&self, json: &Json) -> Result<TypeInfo, GroundError> {
        let flags = json[7].as_u64().ok_or_else(|| malformed("type flags"))?;
        let ids = |json: &Json| array(json, "types")?.iter().map(|id| self.id(id)).collect::<Result<Vec<_>, _>>();
        let mut attributes = IndexMap::<_, _, FxBuildHasher>::default();
        for triple in array(&json[8], "attributes")?.chunks_exact(3) {
            let kind = match triple[1].as_str() {
                Some("M") => AttributeKind::Method,
                Some("C") => AttributeKind::ClassMethod,
                Some("S") => AttributeKind::StaticMethod,
                Some("G") => AttributeKind::GetSet,
                Some("B") => AttributeKind::Member,
                Some("W") => AttributeKind::Slot,
                Some("N") => AttributeKind::New,
                Some("K") => match self.reference(&triple[2])? {
                    Reference::Data(value) => AttributeKind::Constant(value),
                    Reference::Entity(id) => AttributeKind::Object(id),
                    Reference::Module(_) | Reference::Process => return Err(malformed("attribute")),
                },
                _ => return Err(malformed("attribute kind")),
            };
            attributes.insert(string(&triple[0], "attribute")?, TypeAttribute { kind, call: CallClass::UNKNOWN });
        }
        Ok(TypeInfo {
            python_name: string(&json[3], "type name")?,
            c_name: string(&json[9], "type name")?,
            metaclass: self.id(&json[4])?,
            bases: ids(&json[5])?,
            mro: ids(&json[6])?,
            subclassable: flags & 1 != 0,
            has_dict: flags & 2 != 0,
            has_weakref: flags & 4 != 0,
            heap_type: flags & 8 != 0,
            immutable: flags & 16 != 0,
            instantiable: flags & 32 == 0,
            exception: flags & 64 != 0,
            inert: false,
            attributes,
        })
    }

    fn contents(&self, json: &Json) -> Result<Option<Box<Contents>>, GroundError> {
        let mut contents = Contents::default();
        if let Some(items) = json[4].as_array() {
            contents.items = Some(items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?.into());
        }
        for pair in array(&json[5], "contents")?.chunks_exact(2) {
            contents.attributes.insert(string(&pair[0], "attribute")?, self.value(&pair[1])?);
        }
        Ok((contents.items.is_some() || !contents.attributes.is_empty()).then(|| Box::new(contents)))
    }

    fn id(&self, json: &Json) -> Result<GroundId, GroundError> {
        match json.as_u64() {
            Some(number) if number < u64::from(self.entity_count) => Ok(GroundId(number as u32)),
            _ => Err(malformed("entity number")),
        }
    }

    fn value(&self, json: &Json) -> Result<Value, GroundError> {
        match self.reference(json)? {
            Reference::Data(value) => Ok(value),
            Reference::Entity(id) => Ok(Value::Ground(id)),
            Reference::Module(number) => Ok(Value::GroundModule(number)),
            Reference::Process => Err(malformed("value")),
        }
    }

    fn reference(&self, json: &Json) -> Result<Reference, GroundError> {
        let data = match json {
            Json::Null => Value::None,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::int(number.as_i64().ok_or_else(|| malformed("int"))?),
            Json::String(text) => Value::str(text.as_str()),
            Json::Array(_) => return Err(malformed("reference")),
            Json::Object(fields) => {
                let (tag, json) = fields.iter().next().ok_or_else(|| malformed("reference"))?;
                match tag.as_str() {
                    "e" => return Ok(Reference::Entity(self.id(json)?)),
                    "m" => {
                        let name = string(json, "module name")?;
                        let number = self.module_numbers.get(&name).ok_or_else(|| malformed("module name"))?;
                        return Ok(Reference::Module(*number));
                    }
                    "?" => return Ok(Reference::Process),
                    "i" => {
                        let digits = json.as_str().and_then(|digits| digits.parse::<BigInt>().ok());
                        Value::Int(Integer::from(digits.ok_or_else(|| malformed("int"))?))
                    }
                    "f" => Value::Float(float(json)?),
                    "c" => Value::Complex(float(&json[0])?, float(&json[1])?),
                    "b" => Value::Bytes(bytes(json)?),
                    "t" => {
                        let items = array(json, "tuple")?.iter().map(|item| self.value(item));
                        Value::tuple(items.collect::<Result<Vec<_>, _>>()?)
                    }
                    "x" => match json.as_str() {
                        Some("Ellipsis") => Value::Ellipsis,
                        Some("NotImplemented") => Value::NotImplemented,
                        _ => return Err(malformed("constant")),
                    },
                    _ => return Err(malformed("reference")),
                }
            }
        };
        Ok(Reference::Data(data))
    }
}

fn qualify(module: &str, name: &str) -> Arc<str> {
    format!("{module}.{name}").into()
}

fn float(json: &Json) -> Result<f64, GroundError> {
    json.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| malformed("float"))
}

fn bytes(json: &Json) -> Result<Arc<[u8]>, GroundError> {
    let text = json.as_str().filter(|text| text.len() % 2 == 0 && text.is_ascii()).ok_or_else(|| malformed("bytes"))?;
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| malformed("bytes"));
    (0..text.len()).step_by(2).map(byte).collect()
}

fn string(json: &Json, what: &'static str) -> Result<Arc<str>, GroundError> {
    json.as_str().map(Arc::from).ok_or_else(|| malformed(what))
}

fn array<'json>(json: &'json Json, what: &'static str) -> Result<&'json [Json], GroundError> {
    json.as_array().map(Vec::as_slice).ok_or_else(|| malformed(what))
}

fn malformed(what: &'static str) -> GroundError {
    GroundError::Malformed(what)
}
