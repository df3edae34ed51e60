//! Operations on builtin immutable data, against the CPythons at hand.
//!
//! `primitive_judge.py` makes the operations (seeded, so always the same) and says
//! what the interpreter makes of them. A different value is a failure, and so is a
//! different exception; "not modelled" is allowed, and counted.
//!
//! `LYO_FUZZ_ROUNDS` sets how much is tried, `LYO_FUZZ_SEED` what,
//! `LYO_FUZZ_SHOW` how many of the failures and unmodelled operations are printed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use const_eval::primitive::{self, Context, Failure, Product};
use const_eval::value::{Integer, Value};
use num_bigint::BigInt;
use serde_json::Value as Json;
use syntax::ir::{BinaryOperator, Comparison, UnaryOperator};

/// The interpreters of the supported versions, one of each.
fn interpreters() -> Vec<((u8, u8), PathBuf)> {
    let mut candidates: Vec<PathBuf> =
        ["python3", "python3.11", "python3.12", "python3.13"].map(PathBuf::from).to_vec();
    if let Some(home) = std::env::var_os("HOME") {
        let versions = PathBuf::from(home).join(".pyenv/versions");
        let found = std::fs::read_dir(versions).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = found.map(|entry| entry.path().join("bin/python")).collect();
        found.sort();
        candidates.extend(found);
    }
    let mut chosen = BTreeMap::new();
    for candidate in candidates {
        let script = "import sys; print(*sys.version_info[:2])";
        let Ok(output) = Command::new(&candidate).args(["-I", "-c", script]).output() else { continue };
        let version = String::from_utf8_lossy(&output.stdout);
        let mut numbers = version.split_whitespace().filter_map(|number| number.parse::<u8>().ok());
        if let (Some(3), Some(minor @ 11..=13)) = (numbers.next(), numbers.next()) {
            chosen.entry((3, minor)).or_insert(candidate);
        }
    }
    chosen.into_iter().collect()
}

fn integer(text: &str) -> Integer {
    let (negative, digits) = match text.strip_prefix("-0x") {
        Some(digits) => (true, digits),
        None => (false, text.trim_start_matches("0x")),
    };
    let size = BigInt::parse_bytes(digits.as_bytes(), 16).expect("hexadecimal");
    if negative { -size } else { size }.into()
}

fn bytes(text: &str) -> Arc<[u8]> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect()
}

/// A value as the judge writes it.
fn decode(json: &Json) -> Value {
    match json {
        Json::Null => return Value::None,
        Json::Bool(b) => return Value::Bool(*b),
        Json::String(text) => return Value::str(text.as_str()),
        _ => {}
    }
    let (tag, body) = json.as_object().and_then(|object| object.iter().next()).expect("a tagged value");
    let items = || -> Vec<Value> { body.as_array().expect("items").iter().map(decode).collect() };
    let text = || body.as_str().expect("text");
    match tag.as_str() {
        "i" => Value::Int(integer(text())),
        "f" => Value::Float(f64::from_bits(u64::from_str_radix(text(), 16).expect("hexadecimal"))),
        "c" => match items()[..] {
            [Value::Float(re), Value::Float(im)] => Value::Complex(re, im),
            _ => panic!("a complex number of two floats"),
        },
        "b" => Value::Bytes(bytes(text())),
        "t" => Value::tuple(items()),
        "r" => {
            let bounds: Vec<Integer> = items()
                .into_iter()
                .filter_map(|item| match item {
                    Value::Int(n) => Some(n),
                    _ => None,
                })
                .collect();
            Value::Range(Arc::new(bounds.try_into().expect("three bounds")))
        }
        "s" => Value::Slice(Arc::new(items().try_into().expect("three parts"))),
        "e" => Value::Ellipsis,
        "n" => Value::NotImplemented,
        _ => panic!("a known tag, not {tag}"),
    }
}

/// A value as the judge would write it; all NaNs alike.
fn encode(value: &Value) -> Json {
    use serde_json::json;
    let list = |items: &[Value]| Json::Array(items.iter().map(encode).collect());
    let hex = |n: &Integer| {
        let n = n.to_big();
        format!("{}0x{}", if n.sign() == num_bigint::Sign::Minus { "-" } else { "" }, n.magnitude().to_str_radix(16))
    };
    match value {
        Value::None => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(n) => json!({ "i": hex(n) }),
        Value::Float(f) if f.is_nan() => json!({ "f": "nan" }),
        Value::Float(f) => json!({ "f": format!("{:016x}", f.to_bits()) }),
        Value::Complex(re, im) => json!({ "c": [encode(&Value::Float(*re)), encode(&Value::Float(*im))] }),
        Value::Str(text) => json!(&**text),
        Value::Bytes(data) => json!({ "b": data.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
        Value::Tuple(items) => json!({ "t": list(items) }),
        Value::Range(bounds) => json!({ "r": list(&bounds.each_ref().map(|n| Value::Int(n.clone()))) }),
        Value::Slice(parts) => json!({ "s": list(&parts[..]) }),
        Value::Ellipsis => json!({ "e": 0 }),
        Value::NotImplemented => json!({ "n": 0 }),
        other => panic!("only data is computed, not {other:?}"),
    }
}

fn encode_product(product: &Product) -> Json {
    use serde_json::json;
    let list = |items: &[Value]| Json::Array(items.iter().map(encode).collect());
    match product {
        Product::Value(value) => encode(value),
        Product::List(items) => json!({ "l": list(items) }),
        Product::Items(items) => json!({ "it": list(items) }),
        Product::Dict(pairs) => {
            json!({ "d": pairs.iter().map(|(key, value)| vec![encode(key), encode(value)]).collect::<Vec<_>>() })
        }
    }
}

/// The judge's value with all NaNs alike.
fn normalised(json: &Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(normalised).collect()),
        Json::Object(object) => {
            if let Some(Json::String(bits)) = object.get("f")
                && u64::from_str_radix(bits, 16).is_ok_and(|bits| f64::from_bits(bits).is_nan())
            {
                return serde_json::json!({ "f": "nan" });
            }
            Json::Object(object.iter().map(|(key, value)| (key.clone(), normalised(value))).collect())
        }
        other => other.clone(),
    }
}

fn binary_operator(name: &str) -> BinaryOperator {
    match name {
        "+" => BinaryOperator::Add,
        "-" => BinaryOperator::Subtract,
        "*" => BinaryOperator::Multiply,
        "@" => BinaryOperator::MatrixMultiply,
        "/" => BinaryOperator::Divide,
        "//" => BinaryOperator::FloorDivide,
        "%" => BinaryOperator::Modulo,
        "**" => BinaryOperator::Power,
        "<<" => BinaryOperator::LeftShift,
        ">>" => BinaryOperator::RightShift,
        "&" => BinaryOperator::BitAnd,
        "|" => BinaryOperator::BitOr,
        _ => BinaryOperator::BitXor,
    }
}

fn comparison(name: &str) -> Comparison {
    match name {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterEqual,
        "in" => Comparison::In,
        _ => Comparison::NotIn,
    }
}

/// What the evaluator makes of a case.
fn evaluate(ctx: Context, case: &Json) -> Result<Product, Failure> {
    const UNKNOWN: Failure = Failure::NotModelled("no answer");
    let name = case["name"].as_str().expect("a name");
    let args: Vec<Value> = case["args"].as_array().expect("arguments").iter().map(decode).collect();
    let keywords: Vec<(&str, Value)> = case["keywords"]
        .as_object()
        .expect("keywords")
        .iter()
        .map(|(key, value)| (key.as_str(), decode(value)))
        .collect();
    let value = match case["kind"].as_str().expect("a kind") {
        "unary" => {
            let op = match name {
                "+" => UnaryOperator::Positive,
                "-" => UnaryOperator::Negative,
                "~" => UnaryOperator::Invert,
                _ => UnaryOperator::Not,
            };
            primitive::unary(ctx, op, &args[0])?
        }
        "binary" => primitive::binary(ctx, binary_operator(name), &args[0], &args[1])?,
        "compare" => Value::Bool(primitive::compare(ctx, comparison(name), &args[0], &args[1])?),
        "subscript" => primitive::subscript(ctx, &args[0], &args[1])?,
        "iterate" => return primitive::iterate(ctx, &args[0]).map(Product::Items),
        "method" => return primitive::call_method(ctx, &args[0], name, &args[1..], &keywords),
        "attribute" => primitive::attribute(&args[0], name).unwrap_or(Err(UNKNOWN))?,
        "truth" => Value::Bool(primitive::truth(&args[0]).ok_or(UNKNOWN)?),
        "key" => {
            let (Some(a), Some(b)) = (primitive::key(&args[0]), primitive::key(&args[1])) else {
                return Err(UNKNOWN);
            };
            Value::Bool(a == b)
        }
        "construct" => primitive::construct(ctx, name, &args, &keywords)?,
        _ if name == "str" => primitive::construct(ctx, name, &args, &keywords)?,
        _ => return primitive::call_function(ctx, name, &args, &keywords),
    };
    Ok(Product::Value(value))
}

#[derive(Default)]
struct Tally {
    cases: usize,
    unmodelled: BTreeMap<String, usize>,
    unmodelled_shown: Vec<String>,
    wrong: Vec<String>,
    worded_otherwise: Vec<String>,
}

impl Tally {
    fn judge(&mut self, ctx: Context, line: &str) {
        let case: Json = serde_json::from_str(line).expect("JSON");
        self.cases += 1;
        let ours = evaluate(ctx, &case);
        let shown = |ours: String| {
            let mut shown: String = line.chars().take(600).collect();
            shown.push_str(&format!("\n    ours: {ours}"));
            shown
        };
        match ours {
            Err(Failure::NotModelled(why)) => {
                // Nothing is asked where CPython's answer is no data.
                if case["beyond"] != Json::Bool(true) {
                    *self.unmodelled.entry(why.to_owned()).or_default() += 1;
                    self.unmodelled_shown.push(shown(why.to_owned()));
                }
            }
            Err(Failure::TooLarge) => *self.unmodelled.entry("too large".to_owned()).or_default() += 1,
            Err(Failure::Raise { exception, message }) => {
                if case["exception"].as_str() != Some(exception) {
                    self.wrong.push(shown(format!("{exception}: {message}")));
                } else if case["message"].as_str() != Some(&message) {
                    self.worded_otherwise.push(shown(format!("{exception}: {message}")));
                }
            }
            Ok(product) => {
                let ours = encode_product(&product);
                if case.get("value").map(normalised) != Some(ours.clone()) {
                    self.wrong.push(shown(ours.to_string()));
                }
            }
        }
    }
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn agrees_with_cpython() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/primitive_judge.py");
    let rounds = setting("LYO_FUZZ_ROUNDS", 150).to_string();
    let seed = setting("LYO_FUZZ_SEED", 1).to_string();
    let show = setting("LYO_FUZZ_SHOW", 20);
    let interpreters = interpreters();
    assert!(!interpreters.is_empty(), "no CPython 3.11, 3.12 or 3.13 found");
    let mut failed = false;
    for (version, executable) in interpreters {
        let mut judge = Command::new(executable)
            .args(["-I", script, &seed, &rounds])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the judge starts");
        let mut tally = Tally::default();
        let lines = BufReader::new(judge.stdout.take().expect("a pipe")).lines();
        for line in lines {
            tally.judge(Context { version }, &line.expect("UTF-8"));
        }
        assert!(judge.wait().expect("the judge ends").success(), "the judge failed");

        let unmodelled: usize = tally.unmodelled.values().sum();
        let share = unmodelled as f64 * 100.0 / tally.cases.max(1) as f64;
        println!(
            "{}.{}: {} operations, {} wrong, {} worded otherwise, {unmodelled} not modelled ({share:.1} %)",
            version.0,
            version.1,
            tally.cases,
            tally.wrong.len(),
            tally.worded_otherwise.len()
        );
        for (why, count) in &tally.unmodelled {
            println!("    {count:6} {why}");
        }
        for (what, list) in [
            ("wrong", &tally.wrong),
            ("worded otherwise", &tally.worded_otherwise),
            ("not modelled", &tally.unmodelled_shown),
        ] {
            for entry in list.iter().step_by(list.len().div_ceil(show.max(1)).max(1)) {
                println!("{what}: {entry}");
            }
        }
        failed |= !tally.wrong.is_empty() || share > 5.0;
    }
    assert!(!failed, "CPython says otherwise, or too much is not modelled: see above");
}
