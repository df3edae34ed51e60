//! Import statements, carried out as their byte code would be.
//!
//! Where all that a statement imports is loaded, and its names are plain entries of plain modules, no
//! code can run, and the names are bound directly. Else the import is carried out below a frame with the module's
//! file name and line: the module's own, where its code is running, or one that looks like it
//! ([`in_frame`](crate::in_frame)), so that frames, tracebacks and warnings are what an ordinary import gives. What
//! waits in the module that is imported goes on waiting under its new name.
//!
//! While `__import__` is not the interpreter's own, all statements are compiled and executed.

use std::cell::RefCell;
use std::rc::Rc;

use artifact::view::{BindingView, NamePairs};
use pyo3_ffi as ffi;
use rustc_hash::FxHashSet;

use crate::demand::{self, Waiting, builtins, module_type};
use crate::failure::Failure;
use crate::import_from::import_from;
use crate::in_frame;
use crate::load::{is_under_way, load};
use crate::names::{Name, Named, name};
use crate::object::{
    Fallible, GilProtected, Object, Raised, forget_error, imported, module_dict, modules, take_message, type_lookup,
};

/// What an import that must fail would bind.
const SCRATCH: &str = "_lyo_import_in_vain";

/// The module in whose namespace a statement is carried out.
pub struct Importer<'a> {
    pub globals: &'a Object,
    pub filename: &'a Object,
    /// The module's own state.
    pub waiting: Option<&'a Rc<Waiting>>,
}

/// An import statement.
#[derive(Clone, Copy)]
pub struct Statement<'a> {
    pub line: u32,
    pub level: u32,
    pub module: &'a str,
    pub binding: BindingView<'a>,
    /// Names that it binds may wait.
    pub may_wait: bool,
}

/// What an import had to run.
pub enum Ran {
    Nothing,
    Code,
}

impl Importer<'_> {
    /// Carries out a statement; gives the names it bound.
    pub fn import(&self, statement: &Statement<'static>) -> Result<Vec<Name>, Failure> {
        match self.bind_loaded(statement)? {
            Some(bound) => Ok(bound),
            None => self.import_below_frame(statement),
        }
    }

    /// By the way of the interpreter, below a frame that looks like the module's.
    fn import_below_frame(&self, statement: &Statement<'static>) -> Result<Vec<Name>, Failure> {
        if foreign_builtin(self.globals, name!("__import__"))? {
            return match statement.binding {
                BindingView::Fails(_) => self.execute_in_vain(statement),
                _ => self.execute(statement),
            };
        }
        let done = Rc::new(RefCell::new(Ok(vec![])));
        let (globals, filename, waiting) = (self.globals.clone(), self.filename.clone(), self.waiting.cloned());
        let (line, statement, outcome) = (statement.line, *statement, Rc::clone(&done));
        let action = Rc::new(move || {
            let importer = Importer { globals: &globals, filename: &filename, waiting: waiting.as_ref() };
            match importer.import_and_bind(&statement) {
                Err(Failure::Raised) => Err(Raised),
                other => {
                    *outcome.borrow_mut() = other;
                    Ok(true)
                }
            }
        });
        in_frame::run_at_line(action, self.globals, self.filename, line)?;
        done.replace(Ok(vec![]))
    }

    /// Carries out a statement of the module whose code is running: what is imported finds the frame that
    /// it always finds. Refused before anything was done, or (a star import of something unusual) before anything was bound.
    pub fn import_in_frame(&self, statement: &Statement<'_>) -> Result<Ran, Failure> {
        if self.bind_loaded(statement)?.is_some() {
            return Ok(Ran::Nothing);
        }
        if foreign_builtin(self.globals, name!("__import__"))? {
            return Failure::refused("builtins.__import__ has been replaced");
        }
        self.import_and_bind(statement).map(|_| Ran::Code)
    }

    /// The import itself, in the frame that is running; gives the names it bound.
    fn import_and_bind(&self, statement: &Statement<'_>) -> Result<Vec<Name>, Failure> {
        if !matches!(statement.binding, BindingView::Fails(_)) {
            self.load(statement)?;
            if let Some(bound) = self.bind_loaded(statement)? {
                return Ok(bound);
            }
        }
        // What fails raises, as it would in the code.
        let module = match statement.binding {
            BindingView::Fails(_) => return self.import_in_vain(statement),
            BindingView::Nothing | BindingView::Top(_) | BindingView::Leaf(_) => {
                self.import_module(statement, &Object::none())?
            }
            BindingView::Names(names) => self.import_with_names(statement, names)?,
            BindingView::Star => self.import_module(statement, &Object::tuple(vec![Object::name("*")?])?)?,
        };
        match statement.binding {
            BindingView::Top(bound) => {
                let bound = Name::new(bound)?;
                self.bind(&bound, &module)?;
                Ok(vec![bound])
            }
            BindingView::Leaf(bound) => {
                let mut object = module;
                for part in statement.module.split('.').skip(1) {
                    object = import_from(&object, &Name::new(part)?)?;
                }
                let bound = Name::new(bound)?;
                self.bind(&bound, &object)?;
                Ok(vec![bound])
            }
            BindingView::Names(names) => {
                let mut all = Vec::with_capacity(names.len());
                for pair in names.iter() {
                    let (name, bound) = pair?;
                    let bound = Name::new(bound)?;
                    self.bind_from(&module, &Name::new(name)?, &bound, statement.may_wait)?;
                    all.push(bound);
                }
                Ok(all)
            }
            BindingView::Star => {
                let Some(found) = star(&module)? else { return Failure::refused("a star import of something unusual") };
                let mut all = Vec::with_capacity(found.len());
                for (name, found) in found {
                    self.bind_found(&name, found, statement.may_wait)?;
                    all.push(name);
                }
                Ok(all)
            }
            BindingView::Nothing | BindingView::Fails(_) => Ok(vec![]),
        }
    }

    /// Loads what the statement names, as far as that is done here.
    fn load(&self, statement: &Statement<'_>) -> Result<(), Failure> {
        let Some(name) = self.absolute_name(statement)? else { return Ok(()) };
        load(&if statement.level == 0 { Object::name(&name)? } else { Object::text(&name)? })?;
        match statement.binding {
            BindingView::Names(names) => load_submodules(&name, names),
            _ => Ok(()),
        }
    }

    /// The module of a `from` import. Where it has all names once it is imported, nobody need look for submodules, which
    /// would touch what waits.
    fn import_with_names(&self, statement: &Statement<'_>, names: NamePairs<'_>) -> Result<Object, Failure> {
        if let Some(name) = self.absolute_name(statement)? {
            self.import_module(statement, &Object::tuple(vec![])?)?;
            if let Some(module) = loaded(&name)?
                && entries(&module, names)?.is_some()
            {
                return Ok(module);
            }
        }
        let names = names.iter().map(|pair| Ok(Object::name(pair?.0)?));
        self.import_module(statement, &Object::tuple(names.collect::<Result<_, Failure>>()?)?)
    }

    /// `__import__`, with what the statement wants of the module: names or none.
    fn import_module(&self, statement: &Statement<'_>, wanted: &Object) -> Result<Object, Failure> {
        let name = Object::name(statement.module)?;
        let level = i32::try_from(statement.level).map_err(|_| Failure::Refused("too many dots".into()))?;
        let globals = self.globals.as_ptr();
        // SAFETY: live objects; the level is not negative; a new reference.
        Ok(unsafe {
            Object::owned(ffi::PyImport_ImportModuleLevelObject(
                name.as_ptr(),
                globals,
                globals,
                wanted.as_ptr(),
                level,
            ))?
        })
    }

    fn bind_found(&self, bound: &Name, found: Found, may_wait_here: bool) -> Result<(), Failure> {
        match (found, self.waiting) {
            (Found::Here(object), _) => self.bind(bound, &object),
            (Found::Waits(module, asked), Some(own)) if own.can_wait() && may_wait_here && may_wait(bound)? => {
                match module.place(&asked) {
                    Some((owner, node)) => own.alias(bound, owner, node),
                    None => Failure::refused("a name is gone"),
                }
            }
            (Found::Waits(module, asked), _) => match module.touch_name(&asked)? {
                Some(object) => self.bind(bound, &object),
                None => Failure::refused("a name is gone"),
            },
        }
    }

    fn bind(&self, name: &Name, value: &Object) -> Result<(), Failure> {
        match self.waiting {
            Some(waiting) => Ok(waiting.set(name, value)?),
            None => Ok(self.globals.dict_set(name, value)?),
        }
    }

    /// Binds a name to what a module has under another: one that waits may go on waiting.
    fn bind_from(&self, module: &Object, name: &Name, bound: &Name, may_wait_here: bool) -> Result<(), Failure> {
        if let Some(found @ Found::Waits(..)) = entry(module, name)? {
            return self.bind_found(bound, found, may_wait_here);
        }
        let value = import_from(module, name)?;
        self.bind(bound, &value)
    }

    /// An import that must raise `ImportError`.
    fn import_in_vain(&self, statement: &Statement<'_>) -> Result<Vec<Name>, Failure> {
        let BindingView::Fails(name) = statement.binding else { return Ok(vec![]) };
        let name = if name.is_empty() { None } else { Some(Name::new(name)?) };
        let wanted = name.iter().map(|name| Object::clone(name)).collect();
        let module = self.import_module(statement, &Object::tuple(wanted)?);
        let imported = module.and_then(|module| match &name {
            None => Ok(module),
            Some(name) => import_from(&module, name),
        });
        failed(statement, imported.map(drop))
    }

    /// The same, executed.
    fn execute_in_vain(&self, statement: &Statement<'_>) -> Result<Vec<Name>, Failure> {
        let executed = self.execute(statement);
        if executed.is_ok() {
            self.globals.dict_delete_name(SCRATCH)?;
        }
        failed(statement, executed.map(drop))
    }

    /// The direct way; nothing, if it is not open.
    fn bind_loaded(&self, statement: &Statement<'_>) -> Result<Option<Vec<Name>>, Failure> {
        if foreign_builtin(self.globals, name!("__import__"))? {
            return Ok(None);
        }
        let Some(name) = self.absolute_name(statement)? else {
            return Ok(None);
        };
        let Some(module) = loaded(&name)? else {
            return Ok(None);
        };
        let (top, below) = name.split_once('.').unwrap_or((&name, ""));
        let bindings = match statement.binding {
            BindingView::Fails(_) => return Ok(None),
            BindingView::Nothing => match loaded(top)? {
                Some(_) => vec![],
                None => return Ok(None),
            },
            BindingView::Top(bound) => match loaded(top)? {
                Some(top) => vec![(Name::new(bound)?, Found::Here(top))],
                None => return Ok(None),
            },
            BindingView::Leaf(bound) => {
                let Some(mut object) = loaded(top)? else {
                    return Ok(None);
                };
                for part in below.split('.').filter(|part| !part.is_empty()) {
                    match entry(&object, &Name::new(part)?)? {
                        Some(Found::Here(found)) => object = found,
                        _ => return Ok(None),
                    }
                }
                vec![(Name::new(bound)?, Found::Here(object))]
            }
            BindingView::Names(names) => match entries(&module, names)? {
                Some(bindings) => bindings,
                None => return Ok(None),
            },
            BindingView::Star => match star(&module)? {
                Some(bindings) => bindings,
                None => return Ok(None),
            },
        };
        let mut bound = Vec::with_capacity(bindings.len());
        for (name, found) in bindings {
            self.bind_found(&name, found, statement.may_wait)?;
            bound.push(name);
        }
        Ok(Some(bound))
    }

    /// `importlib._bootstrap._resolve_name`, for a package whose name is beyond doubt.
    fn absolute_name(&self, statement: &Statement<'_>) -> Fallible<Option<String>> {
        if statement.level == 0 {
            return Ok(Some(statement.module.to_owned()));
        }
        let Some(package) = self.globals.dict_get_name(name!("__package__"))? else {
            return Ok(None);
        };
        let Some(mut package) = package.as_text() else {
            return Ok(None);
        };
        for _ in 1..statement.level {
            match package.rsplit_once('.') {
                Some((parent, _)) => package = parent,
                None => return Ok(None),
            }
        }
        if package.is_empty() {
            return Ok(None);
        }
        Ok(Some(if statement.module.is_empty() {
            package.to_owned()
        } else {
            format!("{package}.{}", statement.module)
        }))
    }

    /// The way of the interpreter.
    fn execute(&self, statement: &Statement<'_>) -> Result<Vec<Name>, Failure> {
        let (text, mut bound) = source(statement)?;
        let before = match statement.binding {
            BindingView::Star => Some(keys(self.globals)?),
            _ => None,
        };
        let text = std::ffi::CString::new(text).map_err(|_| Failure::Refused("a name holds a NUL".into()))?;
        // SAFETY: C string, str object, no flags; a new reference.
        let code = unsafe {
            Object::owned(ffi::Py_CompileStringObject(
                text.as_ptr(),
                self.filename.as_ptr(),
                ffi::Py_file_input,
                std::ptr::null_mut(),
                -1,
            ))?
        };
        let code = at_line(code, statement.line)?;
        run(&code, self.globals)?;
        if let Some(before) = before {
            bound.extend(keys(self.globals)?.into_iter().filter(|name| !before.contains(name)));
        }
        Ok(bound)
    }
}

/// Of the names that a `from` import takes from a package those that it does not have yet (`_handle_fromlist`).
fn load_submodules(package: &str, names: NamePairs<'_>) -> Result<(), Failure> {
    let module = modules().map(|modules| modules.dict_get_name(package)).transpose()?.flatten();
    let Some((module, dict)) = module.and_then(|module| module_dict(&module).map(|dict| (module, dict))) else {
        return Ok(());
    };
    if dict.dict_get_name(name!("__path__"))?.is_none() || dict.dict_get_name(name!("__getattr__"))?.is_some() {
        return Ok(());
    }
    for pair in names.iter() {
        let (name, _) = pair?;
        if entry(&module, &Name::new(name)?)?.is_none() {
            load(&Object::text(&format!("{package}.{name}"))?)?;
        }
    }
    Ok(())
}

/// What comes of an import that must fail: nothing is bound, if it did.
fn failed(statement: &Statement<'_>, outcome: Result<(), Failure>) -> Result<Vec<Name>, Failure> {
    match outcome {
        Ok(()) => Failure::refused(format!("import of {}, which failed at build time, succeeds", statement.module)),
        // SAFETY: an exception is set; live exception classes.
        Err(Failure::Raised) => unsafe {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_ImportError) != 0 {
                ffi::PyErr_Clear();
                Ok(vec![])
            } else if ffi::PyErr_ExceptionMatches(ffi::PyExc_Exception) != 0 {
                Failure::refused(take_message())
            } else {
                Err(Failure::Raised)
            }
        },
        Err(failure) => Err(failure),
    }
}

/// `exec(code, globals)` as importlib does it.
pub fn run(code: &Object, globals: &Object) -> Fallible<()> {
    let call = imported(c"_frozen_importlib", "_call_with_frames_removed")?;
    let exec = imported(c"builtins", "exec")?;
    call.call(&Object::tuple(vec![exec, code.clone(), globals.clone()])?, None).map(drop)
}

fn at_line(code: Object, line: u32) -> Fallible<Object> {
    if line <= 1 {
        return Ok(code);
    }
    let keywords = Object::dict()?;
    keywords.dict_set_name(name!("co_firstlineno"), &Object::int(u64::from(line))?)?;
    code.attribute(name!("replace"))?.call(&Object::tuple(vec![])?, Some(&keywords))
}

fn keys(dict: &Object) -> Fallible<FxHashSet<Name>> {
    // SAFETY: the call checks for a dict; a new list.
    let list = unsafe { Object::owned(ffi::PyDict_Keys(dict.as_ptr()))? };
    // SAFETY: a list of ours; a new tuple.
    let keys = unsafe { Object::owned(ffi::PyList_AsTuple(list.as_ptr()))? };
    keys.tuple_items().filter_map(|key| Name::of(&key).transpose()).collect()
}

/// The statement's source text, and the names that it binds (a star import's excepted).
fn source(statement: &Statement<'_>) -> Result<(String, Vec<Name>), Failure> {
    let dots = ".".repeat(statement.level.min(100) as usize);
    let module = statement.module;
    for part in module.split('.').filter(|_| !module.is_empty()) {
        check_identifier(part)?;
    }
    Ok(match statement.binding {
        BindingView::Nothing | BindingView::Top(_) | BindingView::Leaf(_)
            if statement.level > 0 || module.is_empty() =>
        {
            return Failure::refused("a relative import without from");
        }
        BindingView::Nothing => (format!("__import__({module:?}, globals(), None, None, 0)\n"), vec![]),
        BindingView::Top(bound) => {
            let top = module.split('.').next().unwrap_or(module);
            check_identifier(bound)?;
            if bound == top {
                (format!("import {module}\n"), vec![Name::new(bound)?])
            } else {
                return Failure::refused("an import binds another name than its own");
            }
        }
        BindingView::Leaf(bound) => {
            check_identifier(bound)?;
            (format!("import {module} as {bound}\n"), vec![Name::new(bound)?])
        }
        BindingView::Names(names) => {
            let mut list = Vec::with_capacity(names.len());
            let mut bound = Vec::with_capacity(names.len());
            for pair in names.iter() {
                let (name, alias) = pair?;
                check_identifier(name)?;
                check_identifier(alias)?;
                list.push(if name == alias { name.to_owned() } else { format!("{name} as {alias}") });
                bound.push(Name::new(alias)?);
            }
            if list.is_empty() {
                return Failure::refused("a from import of nothing");
            }
            (format!("from {dots}{module} import {}\n", list.join(", ")), bound)
        }
        BindingView::Fails("") => {
            (format!("{SCRATCH} = __import__({module:?}, globals(), None, (), {})\n", statement.level), vec![])
        }
        BindingView::Fails(name) => {
            check_identifier(name)?;
            (format!("from {dots}{module} import {name} as {SCRATCH}\n"), vec![])
        }
        BindingView::Star => (format!("from {dots}{module} import *\n"), vec![]),
    })
}

fn check_identifier(name: &str) -> Result<(), Failure> {
    let text = Object::text(name)?;
    // SAFETY: a str object.
    if unsafe { ffi::PyUnicode_IsIdentifier(text.as_ptr()) } == 1 {
        Ok(())
    } else {
        Failure::refused("an import of something that is not an identifier")
    }
}

/// Whether a function in these globals' builtins is not the interpreter's own.
pub fn foreign_builtin(globals: &Object, name: &(impl Named + ?Sized)) -> Fallible<bool> {
    let name = name.name()?;
    let builtins = match globals.dict_get_name(name!("__builtins__"))? {
        Some(builtins) if builtins::is_stand_in(&builtins) => match builtins_dict() {
            Some(builtins) => builtins,
            None => return Ok(true),
        },
        Some(builtins) => module_dict(&builtins).unwrap_or(builtins),
        None => match builtins_dict() {
            Some(builtins) => builtins,
            None => return Ok(true),
        },
    };
    if !builtins.is_exactly(&raw mut ffi::PyDict_Type) {
        return Ok(true);
    }
    let Some(function) = builtins.dict_get(&name)? else {
        return Ok(true);
    };
    if OWN.with(|own| own.iter().any(|(own_name, own)| *own_name == name && own.is(&function))) {
        return Ok(false);
    }
    if !function.is_exactly(&raw mut ffi::PyCFunction_Type) {
        return Ok(true);
    }
    let own_name = function.attribute(name!("__name__"))?;
    let module = function.attribute(name!("__module__"))?;
    let is_own = own_name.as_text() == Some(name.text()) && module.as_text() == Some("builtins");
    if is_own {
        OWN.with(|own| own.push((name, function)));
    }
    Ok(!is_own)
}

/// The interpreter's own functions that were met, by name.
static OWN: GilProtected<Vec<(Name, Object)>> = GilProtected::new(Vec::new());

/// `builtins.__dict__`.
pub fn builtins_dict() -> Option<Object> {
    static BUILTINS: GilProtected<Option<Object>> = GilProtected::new(None);
    BUILTINS.get_or_make(|| imported(c"builtins", "__dict__")).ok()
}

/// A plain module that is loaded and not being loaded, unless by this thread.
fn loaded(name: &str) -> Fallible<Option<Object>> {
    let Some(modules) = modules().filter(|modules| modules.is_exactly(&raw mut ffi::PyDict_Type)) else {
        return Ok(None);
    };
    let Some(module) = modules.dict_get_name(name)? else {
        return Ok(None);
    };
    if !is_plain(&module) {
        return Ok(None);
    }
    if is_under_way(&module) {
        return Ok(Some(module));
    }
    let spec = match module_dict(&module) {
        Some(dict) => dict.dict_get_name(name!("__spec__"))?,
        None => None,
    };
    let Some(spec) = spec else { return Ok(None) };
    if spec.is_none() {
        return Ok(None);
    }
    let initializing = match spec.attribute(name!("_initializing")) {
        Ok(value) => value,
        Err(Raised) => {
            forget_error();
            return Ok(None);
        }
    };
    Ok(initializing.is(&Object::bool(false)).then_some(module))
}

/// A name of a plain module, where reading it is reading its dictionary.
fn entry(module: &Object, name: &Name) -> Fallible<Option<Found>> {
    if !is_plain(module) || type_lookup(&raw mut ffi::PyModule_Type, name).is_some() {
        return Ok(None);
    }
    let Some(dict) = module_dict(module) else { return Ok(None) };
    if let Some(object) = dict.dict_get(name)? {
        return Ok(Some(Found::Here(object)));
    }
    Ok(demand::of_module(module)
        .filter(|waiting| waiting.waits(name))
        .map(|waiting| Found::Waits(waiting, name.clone())))
}

/// What a module has under a name.
enum Found {
    Here(Object),
    /// A value that waits in this module, under this name.
    Waits(Rc<Waiting>, Name),
}

/// A module whose attributes are the entries of its namespace.
pub fn is_plain(module: &Object) -> bool {
    module.is_exactly(&raw mut ffi::PyModule_Type) || module_type::is_pending_type(module)
}

/// Whether a global of this name is looked for where a waiting one is found: C reads special names raw, and builtins
/// would be found instead.
fn may_wait(name: &Name) -> Fallible<bool> {
    let text = name.text();
    if text.starts_with("__") && text.ends_with("__") {
        return Ok(false);
    }
    Ok(match builtins_dict() {
        Some(builtins) => builtins.dict_get(name)?.is_none(),
        None => false,
    })
}

type Bindings = Option<Vec<(Name, Found)>>;

fn entries(module: &Object, names: NamePairs<'_>) -> Result<Bindings, Failure> {
    let mut bindings = Vec::with_capacity(names.len());
    for pair in names.iter() {
        let (name, bound) = pair?;
        match entry(module, &Name::new(name)?)? {
            Some(object) => bindings.push((Name::new(bound)?, object)),
            None => return Ok(None),
        }
    }
    Ok(Some(bindings))
}

/// `import_all_from` of `ceval.c`.
fn star(module: &Object) -> Fallible<Bindings> {
    let Some(dict) = module_dict(module) else {
        return Ok(None);
    };
    let (names, public_only) = match dict.dict_get_name(name!("__all__"))? {
        // SAFETY: an exact list; a new tuple.
        Some(all) if all.is_exactly(&raw mut ffi::PyList_Type) => unsafe {
            (Object::owned(ffi::PyList_AsTuple(all.as_ptr()))?, false)
        },
        Some(all) if all.is_exactly(&raw mut ffi::PyTuple_Type) => (all, false),
        Some(_) => return Ok(None),
        None if dict.dict_get_name(name!("__getattr__"))?.is_some() => return Ok(None),
        None => match demand::of_module(module) {
            Some(waiting) => (waiting.all_names()?, true),
            // SAFETY: a dict; a new list, a new tuple.
            None => unsafe {
                let keys = Object::owned(ffi::PyDict_Keys(dict.as_ptr()))?;
                (Object::owned(ffi::PyList_AsTuple(keys.as_ptr()))?, true)
            },
        },
    };
    let mut bindings = Vec::new();
    for name in names.tuple_items() {
        let Some(name) = Name::of(&name)? else {
            return Ok(None);
        };
        if public_only && name.text().starts_with('_') {
            continue;
        }
        match entry(module, &name)? {
            Some(object) => bindings.push((name, object)),
            None => return Ok(None),
        }
    }
    Ok(Some(bindings))
}
