//! What the evaluator knows of values: their `repr`, for comparing them with the target's, and how sets were filled.

use std::collections::BTreeMap;

use analyzer::Analysis;
use const_eval::evaluated::Evaluated;
use const_eval::render;

/// The longest text that is worth comparing.
const LONGEST: usize = 1 << 16;

/// Name and `repr` of each value of plain data in the module's namespace.
pub fn values(analysis: &Analysis, evaluated: &Evaluated) -> BTreeMap<String, String> {
    let world = analysis.world();
    evaluated
        .namespace
        .iter()
        .filter_map(|(name, _)| {
            let text = render::repr(&world, evaluated, evaluated.certain(name)?)?;
            (text.len() <= LONGEST).then(|| (name.to_string(), text))
        })
        .collect()
}

/// Path, whether the set is a copy of one that was filled so, and items.
pub fn fillings(evaluated: &Evaluated) -> Vec<(Vec<String>, bool, Vec<String>)> {
    evaluated.fillings.iter().map(|(path, filling)| (texts(path), filling.is_copy, texts(&filling.items))).collect()
}

fn texts(names: &[impl ToString]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
