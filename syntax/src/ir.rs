//! The intermediate representation: one small stack machine for every Python version.
//!
//! Each top-level statement is lowered to a [`Code`] of its own, so that the
//! evaluator can judge statements one by one; function bodies, class bodies,
//! lambdas and comprehensions are nested codes, reached by [`CodeId`]. The
//! instruction set follows CPython's byte code where CPython's is simple
//! (`Lib/dis.py`, "Python Bytecode Instructions"), with a block stack for
//! `try` as CPython had until 3.10. Every instruction carries the range of the
//! expression or statement it came from.
//!
//! Stack effects are written `[before] → [after]`, top of stack on the right.
//!
//! Blocks. [`Instruction::PushHandler`] opens a handler block. It remembers the
//! height of the stack and which exception is being handled. When an exception
//! reaches the block, the block is popped, the stack is cut to that height, what
//! was being handled is restored, the exception is pushed, and control goes to
//! the label. So an exception that leaves a handler, or a `return` from within
//! one, needs no clean-up of its own; a frame that ends, normally or not, also
//! restores what its caller was handling, and may leave values on its stack.
//!
//! Every [`Code`] ends with [`Instruction::Return`], also that of a top-level
//! statement (which returns `None`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use num_bigint::BigInt;
use ruff_text_size::TextRange;
use serde::{Deserialize, Serialize};

use crate::body::Body;

/// An identifier, after name mangling where Python mangles (`__x` in a class body).
pub type Name = Arc<str>;

/// Index into [`Module::codes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CodeId(pub u32);

/// Index of an instruction within its [`Code`].
pub type Label = u32;

/// A lowered source file.
#[derive(Debug, Default)]
pub struct Module {
    /// The module's docstring (`__doc__`) as the target stores it: as in the
    /// source, or from 3.13 on without the common indentation.
    /// `None` under `-OO` too.
    pub docstring: Option<Constant>,
    /// `from __future__ import annotations` is in force.
    pub future_annotations: bool,
    /// The top-level statements in source order. The docstring is a statement too.
    pub statements: Vec<TopLevel>,
    pub codes: Vec<Code>,
    /// Import statements that run at import: those outside function bodies,
    /// including those under `if`, `try`, `with`, loops and in class bodies. In source order.
    pub imports: Vec<ImportSite>,
    /// Names that some function of this module declares `global` and binds or deletes.
    pub rebound_globals: Vec<Name>,
    /// The top level has annotated assignments, so `__annotations__` is made
    /// before the first statement runs (on versions without PEP 649).
    pub has_annotations: bool,
    /// `# lyo: …` comments, in source order.
    pub directives: Vec<Directive>,
}

/// A module is the same as itself only.
impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Module {
    pub fn code(&self, id: CodeId) -> &Code {
        &self.codes[id.0 as usize]
    }

    /// `co_varnames` of a function: its parameters, then other variables as they come in its code. From 3.12 on those of
    /// comprehensions in it (PEP 709) are among them: where there are any, the order is not known here.
    pub fn variables<'a>(&self, function: &'a Code, version: (u8, u8)) -> Option<Vec<&'a Name>> {
        let is_inlined = |instruction: &Instruction| {
            matches!(instruction, Instruction::MakeFunction { code, .. }
                if self.code(*code).kind == CodeKind::Comprehension)
        };
        if version >= (3, 12) && function.body.peek().iter().any(is_inlined) {
            return None;
        }
        Some(function.locals.iter().filter(|name| !name.starts_with('.')).collect())
    }
}

/// A comment that speaks to Lyo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    pub range: TextRange,
    pub kind: DirectiveKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectiveKind {
    /// `# lyo: strict`: the module must be strict.
    Strict,
    /// `# lyo: ignore[CODE, CODE]`: silences those findings on the comment's line.
    Ignore(Vec<String>),
}

/// One top-level statement.
#[derive(Clone, Debug)]
pub struct TopLevel {
    pub range: TextRange,
    pub kind: StatementKind,
    /// The code that carries the statement out. Its names are the module's.
    pub code: CodeId,
    /// Names that the statement may bind or delete in the module, at any depth
    /// outside nested functions and classes, including what a class body declares
    /// `global` and binds, and assignment expressions in comprehensions.
    /// Sorted, no duplicates. A star import adds nothing here.
    pub binds: Vec<Name>,
}

/// What a top-level statement looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    Docstring,
    /// `import a`, `from a import b`, `from a import *`.
    Import,
    /// `from __future__ import …`.
    Future,
    Function,
    Class,
    Assignment,
    Expression,
    /// `if`, `for`, `while`, `try`, `with`, `match`.
    Compound,
    Other,
}

/// An import statement that runs at import, or a call that imports a module by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSite {
    pub range: TextRange,
    /// Leading dots.
    pub level: u32,
    /// Dotted name after the dots; empty in `from . import x`.
    pub module: Name,
    /// Names taken from the module; empty for `import a.b`; `["*"]` for a star import.
    pub names: Vec<Name>,
    pub occasion: Occasion,
}

/// When an import statement is carried out, as far as the conditions around it tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    /// Whenever the module is executed, for all that is known here.
    Always,
    /// Only where the module is run as a script: under `if __name__ == "__main__":`.
    Script,
    /// Under `if TYPE_CHECKING:`.
    Never,
}

/// What kind of block a [`Code`] is; decides where its names live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// A top-level statement: names are the module's.
    TopLevel,
    Function,
    Lambda,
    /// A class body: names live in the class namespace, misses fall to globals.
    Class,
    /// List, set or dict comprehension: takes the outermost iterator as its only argument.
    Comprehension,
    /// Generator expression: as a comprehension, but a generator.
    GeneratorExpression,
    /// PEP 695: the hidden function that holds type parameters, or a lazily evaluated bound or alias value.
    TypeParameters,
}

/// A code block.
#[derive(Clone, Debug)]
pub struct Code {
    pub kind: CodeKind,
    pub name: Name,
    pub qualname: Name,
    /// From the first decorator, or the keyword, to the end of the body.
    pub range: TextRange,
    pub parameters: Parameters,
    /// Fast locals; parameters first, in the order positional-only, positional,
    /// keyword-only, `*args`, `**kwargs`, as CPython's `co_varnames`.
    /// A parameter that is also a cell has both: the prologue copies it.
    /// Names that begin with a dot are no variables of the program: `.0` is the
    /// iterator that a comprehension takes, `.defaults` and `.kwdefaults` are what
    /// a generic function takes, and `.match0` … are temporaries of `match`, which
    /// top levels and class bodies have too. `locals()` does not show them.
    pub locals: Vec<Name>,
    /// Variables of this code that inner codes use, followed by those it takes
    /// from outer codes. `Instruction::*Cell` index this list.
    pub cells: Vec<Name>,
    /// How many of `cells` are its own; the rest come with the function's closure, in order.
    /// Both parts are sorted by name. A class body's own cells are `__class__` and,
    /// from 3.12, `__classdict__`.
    pub own_cells: u32,
    pub is_generator: bool,
    pub is_coroutine: bool,
    pub docstring: Option<Constant>,
    pub body: Body,
    /// Whether anybody has looked at the instructions, of a function's body above all. Who does says so: as long as
    /// nobody has, it doesn't matter what they are.
    pub read: ReadMark,
}

impl Code {
    pub fn instructions(&self) -> &[Instruction] {
        &self.body.get().instructions
    }

    /// Parallel to [`Code::instructions`].
    pub fn ranges(&self) -> &[TextRange] {
        &self.body.get().ranges
    }
}

/// See [`Code::read`].
#[derive(Debug, Default)]
pub struct ReadMark(AtomicBool);

impl ReadMark {
    pub fn set(&self) {
        // A store to memory that others read costs them time, even if it changes nothing.
        if !self.is_set() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Clone for ReadMark {
    fn clone(&self) -> ReadMark {
        ReadMark(AtomicBool::new(self.is_set()))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pub positional_only: u32,
    /// Positional-or-keyword, without the positional-only ones.
    pub positional: u32,
    pub keyword_only: u32,
    pub variadic: bool,
    pub keyword_variadic: bool,
}

impl Parameters {
    /// Number of fast locals that parameters occupy.
    pub fn count(&self) -> u32 {
        self.positional_only
            + self.positional
            + self.keyword_only
            + u32::from(self.variadic)
            + u32::from(self.keyword_variadic)
    }
}

/// A literal. Nested tuples and frozensets are not folded: they are built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Constant {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    BigInt(Arc<BigInt>),
    Float(f64),
    /// The imaginary part of `2j`.
    Imaginary(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    /// A string literal with lone surrogates, which no Rust string can hold:
    /// its type is known, its value is not.
    SurrogateStr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnaryOperator {
    /// `+x`, `__pos__`
    Positive,
    /// `-x`, `__neg__`
    Negative,
    /// `~x`, `__invert__`
    Invert,
    /// `not x`
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    MatrixMultiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    LeftShift,
    RightShift,
    BitAnd,
    BitOr,
    BitXor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    In,
    NotIn,
}

/// `!s`, `!r`, `!a` in a formatted string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Conversion {
    None,
    Str,
    Repr,
    Ascii,
}

/// Flags of [`Instruction::MakeFunction`]: what lies on the stack below, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionParts {
    /// A tuple of positional defaults.
    pub defaults: bool,
    /// A dict of keyword-only defaults.
    pub keyword_defaults: bool,
    /// A dict of annotations.
    pub annotations: bool,
    /// A tuple of cells, one for each free variable of the code.
    pub closure: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Instruction {
    // ---- stack
    /// `[] → [constant]`
    Constant(Constant),
    /// `[x] → []`
    Pop,
    /// `[x] → [x, x]`
    Duplicate,
    /// `[a, b] → [a, b, a, b]`
    DuplicateTwo,
    /// `[a, b] → [b, a]`
    Swap,
    /// `[a, b, c] → [c, a, b]`: lifts the top below the two under it.
    RotateThree,
    /// `[a, b, c, d] → [d, a, b, c]`
    RotateFour,

    // ---- names
    /// Class body or top level: the namespace, then globals, then builtins. `[] → [value]`
    LoadName(Name),
    /// `[value] → []`
    StoreName(Name),
    DeleteName(Name),
    /// Function: globals, then builtins. `[] → [value]`
    LoadGlobal(Name),
    StoreGlobal(Name),
    DeleteGlobal(Name),
    LoadLocal(u32),
    StoreLocal(u32),
    DeleteLocal(u32),
    /// Reads the cell's content; unbound raises `NameError`.
    LoadCell(u32),
    StoreCell(u32),
    DeleteCell(u32),
    /// In a class body: the class namespace first, then the cell.
    LoadClassCell(u32),
    /// PEP 695 scopes in a class body: the mapping first, then globals, then builtins. `[mapping] → [value]`
    LoadFromDictOrGlobals(Name),
    /// PEP 695 scopes in a class body: the mapping first, then the cell. `[mapping] → [value]`
    LoadFromDictOrCell(u32),
    /// In a class body: the namespace itself. `[] → [mapping]`
    LoadNamespace,
    /// Pushes the cell itself, for closures. `[] → [cell]`
    LoadClosure(u32),

    // ---- attributes and items
    /// `[object] → [value]`
    LoadAttribute(Name),
    /// `[value, object] → []`
    StoreAttribute(Name),
    /// `[object] → []`
    DeleteAttribute(Name),
    /// `[container, key] → [value]`
    LoadSubscript,
    /// `[value, container, key] → []`
    StoreSubscript,
    /// `[container, key] → []`
    DeleteSubscript,

    // ---- operators
    /// `[x] → [result]`
    Unary(UnaryOperator),
    /// `[left, right] → [result]`
    Binary(BinaryOperator),
    /// Augmented assignment. `[left, right] → [result]`
    InPlace(BinaryOperator),
    /// `[left, right] → [result]`
    Compare(Comparison),

    // ---- building
    BuildTuple(u32),
    BuildList(u32),
    BuildSet(u32),
    /// `[k1, v1, k2, v2, …] → [dict]`
    BuildMap(u32),
    /// `[start, stop] → [slice]` or, with `step`, `[start, stop, step] → [slice]`
    BuildSlice {
        step: bool,
    },
    /// Joins that many strings (f-string parts).
    BuildString(u32),
    /// `[list, …(depth-1), x] → [list, …]`: pops `x` and appends it to the list that is then
    /// the `depth`-th value from the top, the top being the first (as CPython's `LIST_APPEND`).
    ListAppend(u32),
    SetAdd(u32),
    /// `[dict, …, key, value] → [dict, …]`
    MapAdd(u32),
    /// `[list, iterable] → [list]`
    ListExtend,
    /// `[set, iterable] → [set]`
    SetUpdate,
    /// `{**mapping}`: `[dict, mapping] → [dict]`
    DictUpdate,
    /// `f(**mapping)`: as `DictUpdate`, a repeated key raises `TypeError`. `[dict, mapping] → [dict]`
    DictMerge,
    /// `[list] → [tuple]`
    ListToTuple,
    /// `[value] → [str]` or, with `spec`, `[value, spec] → [str]`
    FormatValue {
        conversion: Conversion,
        spec: bool,
    },

    // ---- control
    Jump(Label),
    /// Pops and tests truth.
    JumpIfFalse(Label),
    JumpIfTrue(Label),
    /// Jumps and keeps the value, or pops it.
    JumpIfFalseOrPop(Label),
    JumpIfTrueOrPop(Label),
    /// Pops, and jumps if it was `None` (match, except*). `[x] → []`
    JumpIfNone(Label),
    /// `[iterable] → [iterator]`
    GetIterator,
    /// `[iterator] → [iterator, item]`, or `[]` and a jump when exhausted.
    ForIterator(Label),
    /// `[iterable] → [x_n, …, x_1]`: the first item is on top.
    UnpackSequence(u32),
    /// `a, *b, c = x`: as `UnpackSequence`, the starred one a list.
    UnpackExtended {
        before: u32,
        after: u32,
    },
    /// `[value] →`
    Return,

    // ---- calls and definitions
    /// `[callable, a_1 … a_n, k_1 … k_m] → [result]`, the last `m` being the values of `keywords`.
    Call {
        positional: u32,
        keywords: Arc<[Name]>,
    },
    /// `[callable, iterable]` or, with `keywords`, `[callable, iterable, mapping] → [result]`.
    /// The iterable is a tuple, or what stands in `f(*iterable)`, which the call itself
    /// converts, after the mapping was evaluated; the mapping is always a new dict.
    CallVariadic {
        keywords: bool,
    },
    /// `[defaults?, keyword defaults?, annotations?, closure?] → [function]`
    MakeFunction {
        code: CodeId,
        parts: FunctionParts,
    },
    /// `[] → [__build_class__]`; then the body's function, the name, bases and keywords, then `Call`.
    LoadBuildClass,
    /// In a class body: sets `__module__` and `__qualname__`, and from 3.13 `__firstlineno__`.
    /// First instruction of each class body.
    ClassPrologue,
    /// After the statements of a class body: from 3.13 sets `__static_attributes__`, a tuple of the names that methods set
    /// on their first parameter, in no certain order.
    ClassEpilogue,
    /// Makes `__annotations__` in the namespace if it is missing.
    SetupAnnotations,
    /// PEP 526 variable annotation `name: T` (simple names): stores into `__annotations__`. `[annotation] → []`
    StoreAnnotation(Name),

    // ---- generators
    /// `[value] → [sent]`
    Yield,
    /// `[iterable] → [result]`
    YieldFrom,
    /// `[awaitable] → [result]`
    Await,
    /// A step of `async for` or `async with`; never proven static.
    AsyncOperation(AsyncStep),

    // ---- exceptions
    /// Pushes a handler block. When an exception reaches it, the block is popped, the stack is cut
    /// to its height at this instruction, what was being handled at this instruction is
    /// restored, the exception is pushed and control goes to the label.
    PushHandler(Label),
    /// As `PushHandler`, after `EnterWith`: the value on top (what the manager returned)
    /// does not count for the height. `[exit, entered] → [exit, entered]`, at the label `[exit, exc]`.
    PushWithHandler(Label),
    /// Leaves the innermost handler block normally.
    PopHandler,
    /// At the start of a handler: makes the exception on top the one being handled
    /// (`sys.exception()`), saving the former. `[exc] → [exc]`
    EnterExcept,
    /// Leaves a handler: restores what was being handled before.
    LeaveExcept,
    /// `[exc, type] → [exc, bool]`: `PyErr_GivenExceptionMatches`.
    ExceptionMatches,
    /// An exception leaves a clause of `except*`, to be gathered into a group. `[exc] →`
    RaiseInGroup,
    /// `except*`. `[exc or None, type] → [rest or None, match or None]`
    ExceptionGroupMatches,
    /// `raise` (0), `raise exc` (1), `raise exc from cause` (2). Pops that many.
    Raise(u8),
    /// `[exc] →`: raises it again as it is: neither context nor cause change.
    Reraise,
    /// `[] → [AssertionError]`
    LoadAssertionError,
    /// `[manager] → [exit, entered]`
    EnterWith,
    /// On the exceptional path: `[exit, exc] → [exit, exc, result]`, calling `exit(type, exc, traceback)`.
    ExitWithException,
    /// On the normal path: `[exit] → [result]`, calling `exit(None, None, None)`.
    ExitWith,

    // ---- imports
    /// Runs the import. Without names pushes the top package (`import a.b` pushes `a`), with names the module itself. `[] → [module]`
    ImportName {
        level: u32,
        module: Name,
        names: Arc<[Name]>,
    },
    /// The attribute, else `sys.modules` (`IMPORT_FROM`). Also used for `import a.b as c`. `[module] → [module, value]`
    ImportFrom(Name),
    /// `from m import *`. `[module] → []`
    ImportStar,

    // ---- match
    /// `[subject] → [subject, bool]`
    MatchSequence,
    MatchMapping,
    /// `[subject] → [subject, len(subject)]`
    MatchLength,
    /// `[subject, keys tuple] → [subject, keys, values tuple or None]`
    MatchKeys,
    /// `[subject, class, attribute-names tuple] → [attributes tuple or None]`; `positional` sub-patterns.
    MatchClass {
        positional: u32,
    },
    /// `**rest`: `[subject, keys] → [dict without those keys]`
    CopyWithoutKeys,

    // ---- type parameters (PEP 695, 696)
    /// `[bound function if any, default function if any] → [type parameter]`
    TypeParameter {
        name: Name,
        kind: TypeParameterKind,
        bound: TypeParameterBound,
        default: bool,
    },
    /// `type X[T] = …`: `[name, type parameters or None, value function] → [TypeAliasType]`
    TypeAlias,
    /// Class and function generics: `[function, type parameters] → [function]` with `__type_params__` set.
    SetTypeParameters,
    /// `[type parameters] → [Generic[*parameters]]`, the implicit base.
    SubscriptGeneric,

    /// Something that the lowering does not express: evaluating it is never proven. The text says what.
    Unsupported(Name),
}

/// A step of an asynchronous construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AsyncStep {
    /// `[async iterable] → [async iterator]`
    GetIterator,
    /// `[async iterator] → [async iterator, item]`, the item already awaited.
    NextItem,
    /// `[async iterator, exc] → []`: raises `exc` again unless it is `StopAsyncIteration`.
    EndIteration,
    /// `[manager] → [exit, entered]`, already awaited.
    EnterWith,
    /// `[exit] → [result]`, already awaited.
    ExitWith,
    /// `[exit, exc] → [exit, exc, result]`, already awaited.
    ExitWithException,
}

/// What the first value below a [`Instruction::TypeParameter`] computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeParameterBound {
    /// There is none.
    None,
    /// `T: int`
    Bound,
    /// `T: (int, str)`
    Constraints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeParameterKind {
    TypeVar,
    TypeVarTuple,
    ParamSpec,
}
