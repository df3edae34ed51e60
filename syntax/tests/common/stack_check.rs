//! Checks that a code's stack effects add up: every instruction finds the values that it takes,
//! and all ways to an instruction lead there with the same height and the same open blocks.

use syntax::ir::{AsyncStep, Code, Instruction as I, TypeParameterBound};

/// What went wrong, or nothing.
pub fn check(code: &Code) -> Result<(), String> {
    let count = code.instructions().len();
    if code.ranges().len() != count {
        return Err("ranges are not parallel to instructions".to_owned());
    }
    // Height, and heights of the open handler blocks.
    let mut seen: Vec<Option<(i64, Vec<i64>)>> = vec![None; count];
    let mut open = vec![(0usize, 0i64, Vec::new())];
    while let Some((at, height, blocks)) = open.pop() {
        if at >= count {
            return Err(format!("falls off the end at {at}"));
        }
        match &seen[at] {
            Some(known) if *known == (height, blocks.clone()) => continue,
            Some(known) => return Err(format!("{at}: height {height} {blocks:?}, was {known:?}")),
            None => seen[at] = Some((height, blocks.clone())),
        }
        let instruction = &code.instructions()[at];
        let (takes, gives) = effect(instruction);
        if height < takes {
            return Err(format!("{at}: {instruction:?} takes {takes} of {height}"));
        }
        let after = height - takes + gives;
        let mut go = |to: u32, height: i64, blocks: Vec<i64>| open.push((to as usize, height, blocks));
        let next = at as u32 + 1;
        match instruction {
            I::Return | I::Raise(_) | I::Reraise | I::RaiseInGroup => {}
            I::Jump(label) => go(*label, after, blocks),
            I::JumpIfFalse(label) | I::JumpIfTrue(label) | I::JumpIfNone(label) => {
                go(*label, after, blocks.clone());
                go(next, after, blocks);
            }
            I::JumpIfFalseOrPop(label) | I::JumpIfTrueOrPop(label) => {
                go(*label, height, blocks.clone());
                go(next, height - 1, blocks);
            }
            I::ForIterator(label) => {
                go(*label, height - 1, blocks.clone());
                go(next, height + 1, blocks);
            }
            I::PushHandler(label) => {
                go(*label, height + 1, blocks.clone());
                let mut blocks = blocks;
                blocks.push(height);
                go(next, after, blocks);
            }
            I::PushWithHandler(label) => {
                go(*label, height, blocks.clone());
                let mut blocks = blocks;
                blocks.push(height - 1);
                go(next, after, blocks);
            }
            I::PopHandler => {
                let mut blocks = blocks;
                match blocks.pop() {
                    Some(base) if base <= height => go(next, after, blocks),
                    Some(base) => return Err(format!("{at}: block at {base} above the stack {height}")),
                    None => return Err(format!("{at}: no block to leave")),
                }
            }
            _ => go(next, after, blocks),
        }
        let outside = local(instruction, code.locals.len()).or(cell(instruction, code.cells.len()));
        if let Some(index) = outside {
            return Err(format!("{at}: index {index} out of bounds"));
        }
    }
    Ok(())
}

fn local(instruction: &I, count: usize) -> Option<u32> {
    match instruction {
        I::LoadLocal(index) | I::StoreLocal(index) | I::DeleteLocal(index) if *index as usize >= count => Some(*index),
        _ => None,
    }
}

fn cell(instruction: &I, count: usize) -> Option<u32> {
    match instruction {
        I::LoadCell(index)
        | I::StoreCell(index)
        | I::DeleteCell(index)
        | I::LoadClassCell(index)
        | I::LoadFromDictOrCell(index)
        | I::LoadClosure(index)
            if *index as usize >= count =>
        {
            Some(*index)
        }
        _ => None,
    }
}

/// How many values an instruction takes from the stack, and how many it puts there,
/// when control goes to the next instruction.
fn effect(instruction: &I) -> (i64, i64) {
    match instruction {
        I::Constant(_)
        | I::LoadName(_)
        | I::LoadGlobal(_)
        | I::LoadLocal(_)
        | I::LoadCell(_)
        | I::LoadClassCell(_)
        | I::LoadNamespace
        | I::LoadClosure(_)
        | I::LoadBuildClass
        | I::LoadAssertionError
        | I::ImportName { .. } => (0, 1),
        I::Pop | I::StoreName(_) | I::StoreGlobal(_) | I::StoreLocal(_) | I::StoreCell(_) | I::StoreAnnotation(_) => {
            (1, 0)
        }
        I::Duplicate => (1, 2),
        I::DuplicateTwo => (2, 4),
        I::Swap => (2, 2),
        I::RotateThree => (3, 3),
        I::RotateFour => (4, 4),
        I::DeleteName(_)
        | I::DeleteGlobal(_)
        | I::DeleteLocal(_)
        | I::DeleteCell(_)
        | I::ClassPrologue
        | I::ClassEpilogue
        | I::SetupAnnotations
        | I::PopHandler
        | I::LeaveExcept
        | I::Jump(_) => (0, 0),
        I::LoadFromDictOrGlobals(_) | I::LoadFromDictOrCell(_) | I::LoadAttribute(_) | I::Unary(_) => (1, 1),
        I::StoreAttribute(_) => (2, 0),
        I::DeleteAttribute(_) => (1, 0),
        I::LoadSubscript | I::Binary(_) | I::InPlace(_) | I::Compare(_) => (2, 1),
        I::StoreSubscript => (3, 0),
        I::DeleteSubscript => (2, 0),
        I::BuildTuple(n) | I::BuildList(n) | I::BuildSet(n) | I::BuildString(n) => (i64::from(*n), 1),
        I::BuildMap(n) => (2 * i64::from(*n), 1),
        I::BuildSlice { step } => (2 + i64::from(*step), 1),
        I::ListAppend(depth) | I::SetAdd(depth) => (i64::from(*depth) + 1, i64::from(*depth)),
        I::MapAdd(depth) => (i64::from(*depth) + 2, i64::from(*depth)),
        I::ListExtend | I::SetUpdate | I::DictUpdate | I::DictMerge => (2, 1),
        I::ListToTuple => (1, 1),
        I::FormatValue { spec, .. } => (1 + i64::from(*spec), 1),
        I::JumpIfFalse(_) | I::JumpIfTrue(_) | I::JumpIfNone(_) => (1, 0),
        I::JumpIfFalseOrPop(_) | I::JumpIfTrueOrPop(_) => (1, 1),
        I::GetIterator => (1, 1),
        I::ForIterator(_) => (1, 2),
        I::UnpackSequence(n) => (1, i64::from(*n)),
        I::UnpackExtended { before, after } => (1, i64::from(before + after + 1)),
        I::Return => (1, 0),
        I::Call { positional, keywords } => (1 + i64::from(*positional) + keywords.len() as i64, 1),
        I::CallVariadic { keywords } => (2 + i64::from(*keywords), 1),
        I::MakeFunction { parts, .. } => (
            i64::from(parts.defaults)
                + i64::from(parts.keyword_defaults)
                + i64::from(parts.annotations)
                + i64::from(parts.closure),
            1,
        ),
        I::Yield | I::YieldFrom | I::Await => (1, 1),
        I::AsyncOperation(step) => match step {
            AsyncStep::GetIterator | AsyncStep::ExitWith => (1, 1),
            AsyncStep::NextItem | AsyncStep::EnterWith => (1, 2),
            AsyncStep::EndIteration => (2, 0),
            AsyncStep::ExitWithException => (2, 3),
        },
        I::PushHandler(_) => (0, 0),
        I::PushWithHandler(_) => (2, 2),
        I::EnterExcept => (1, 1),
        I::ExceptionMatches => (2, 2),
        I::ExceptionGroupMatches => (2, 2),
        I::Raise(n) => (i64::from(*n), 0),
        I::Reraise | I::RaiseInGroup => (1, 0),
        I::EnterWith => (1, 2),
        I::ExitWithException => (2, 3),
        I::ExitWith => (1, 1),
        I::ImportFrom(_) => (1, 2),
        I::ImportStar => (1, 0),
        I::MatchSequence | I::MatchMapping | I::MatchLength => (1, 2),
        I::MatchKeys => (2, 3),
        I::MatchClass { .. } => (3, 1),
        I::CopyWithoutKeys => (2, 1),
        I::TypeParameter { bound, default, .. } => {
            (i64::from(*bound != TypeParameterBound::None) + i64::from(*default), 1)
        }
        I::TypeAlias => (3, 1),
        I::SetTypeParameters => (2, 1),
        I::SubscriptGeneric => (1, 1),
        I::Unsupported(_) => (0, 1),
    }
}
