//! What a loader's `exec_module` does for a module of a bundle: rehydrate it, or run its code, or
//! leave it to the ordinary loader; in this order, and each only if nothing before it had an effect.

use std::ptr;

use artifact::Block;
use pyo3_ffi as ffi;

use crate::bundle;
use crate::code::unmarshal;
use crate::collector;
use crate::demand::{Waiting, subclasses, walkers};
use crate::import::{builtins_dict, foreign_builtin, run};
use crate::names::name;
use crate::object::{Fallible, GilProtected, Object, Raised, imported, module_dict, modules, take_message};
use crate::rehydrate::{Outcome, rehydrate};
use crate::step::Prepared;

/// What `exec_module` needs to know: (bundle, name, loader, file name, record or None).
struct State {
    bundle: Object,
    name: Object,
    loader: Object,
    filename: Object,
    record: Object,
}

static mut EXECUTE: ffi::PyMethodDef = ffi::PyMethodDef {
    ml_name: c"exec_module".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: exec_module },
    ml_flags: ffi::METH_O,
    ml_doc: ptr::null(),
};

/// `executor(bundle, name, loader, filename, record)`: a callable to stand in for `loader.exec_module`,
/// which removes itself from the loader when it is called.
pub fn executor(arguments: &Object) -> Fallible<Object> {
    // SAFETY: the definition is static; the function keeps the tuple.
    unsafe { Object::owned(ffi::PyCFunction_NewEx(&raw mut EXECUTE, arguments.as_ptr(), ptr::null_mut())) }
}

/// Whether it is such a callable.
pub fn is_executor(object: &Object) -> bool {
    let own: ffi::PyCFunction = exec_module;
    object.is_exactly(&raw mut ffi::PyCFunction_Type)
        // SAFETY: a builtin function.
        && unsafe { ffi::PyCFunction_GetFunction(object.as_ptr()) }
            .is_some_and(|function| std::ptr::fn_addr_eq(function, own))
}

unsafe extern "C" fn exec_module(state: *mut ffi::PyObject, module: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter hands us live objects.
    let (state, module) = unsafe { (Object::borrowed(state), Object::borrowed(module)) };
    let (Some(state), Some(module)) = (state, module) else {
        return ptr::null_mut();
    };
    let done = crate::guarded(|| {
        let field = |index| state.tuple_item(index).ok_or_else(|| crate::raise("lyo: a damaged loader"));
        let state =
            State { bundle: field(0)?, name: field(1)?, loader: field(2)?, filename: field(3)?, record: field(4)? };
        state.execute(&module)?;
        collector::age()
    });
    done.map_or(ptr::null_mut(), |()| Object::none().into_ptr())
}

impl State {
    fn execute(&self, module: &Object) -> Fallible<()> {
        walkers::look_at_new_code();
        self.step_aside()?;
        let (block, globals) = match self.prepare(module) {
            Ok(prepared) => prepared,
            Err(reason) => return self.ordinary(module, &reason),
        };
        if block.image().is_none() {
            let code = match self.code(block.code()) {
                Ok(code) => code,
                Err(Raised) => return self.ordinary(module, &take_message()),
            };
            self.record("code", block.reason())?;
            return run(&code, &globals);
        }
        if let Some(builtins) = builtins_dict() {
            globals.dict_set_name(name!("__builtins__"), &builtins)?;
        }
        let Some(waiting) = Waiting::new(block, module, &globals, &self.filename) else {
            return self.ordinary(module, "the bundle holds no image of it");
        };
        if let Some(step) = waiting.image().step() {
            return match Prepared::new(waiting.clone(), step) {
                Ok(prepared) => {
                    let (outcome, report) = prepared.run();
                    outcome?;
                    let how = if report.carried_out > 0 { "partial" } else { "code" };
                    self.record(how, report.fallen.as_deref().unwrap_or_default())
                }
                Err(failure) => {
                    waiting.uninstall();
                    self.record("code", &failure.into_reason())?;
                    run(&self.code(waiting.marshalled_code())?, &globals)
                }
            };
        }
        let code = || self.code(waiting.marshalled_code());
        match rehydrate(waiting.clone(), &globals, &code, &self.filename) {
            Outcome::Done => self.record("rehydrated", ""),
            Outcome::Raised => Err(Raised),
            Outcome::FallBack(reason) => {
                self.record("code", &reason)?;
                run(&code()?, &globals)
            }
        }
    }

    /// The loader is a plain one again.
    fn step_aside(&self) -> Fallible<()> {
        // SAFETY: the call checks for a `__dict__`; a new reference.
        let dict = unsafe { Object::owned(ffi::PyObject_GenericGetDict(self.loader.as_ptr(), ptr::null_mut()))? };
        if dict.dict_get_name(name!("exec_module"))?.is_some() {
            dict.dict_delete_name(name!("exec_module"))?;
        }
        Ok(())
    }

    fn ordinary(&self, module: &Object, reason: &str) -> Fallible<()> {
        self.record("ordinary", reason)?;
        self.loader.attribute(name!("exec_module"))?.call1(module).map(drop)
    }

    fn record(&self, how: &str, reason: &str) -> Fallible<()> {
        if self.record.is_none() {
            return Ok(());
        }
        let arguments = Object::tuple(vec![self.name.clone(), Object::text(how)?, Object::text(reason)?])?;
        if self.record.call(&arguments, None).is_err() {
            take_message(); // a report that fails is no reason for an import to fail
        }
        Ok(())
    }

    /// Everything that may go wrong before anything is done. The reason for leaving the module to the
    /// ordinary loader, otherwise.
    fn prepare(&self, module: &Object) -> Result<(Block, Object), String> {
        let said = |Raised| take_message();
        let name = self.name.as_text().ok_or("the name is not text")?;
        let globals = module_dict(module).ok_or("not a module")?;
        if !module.is_exactly(&raw mut ffi::PyModule_Type) {
            return Err("not a plain module".into());
        }
        if !is_own_module_table().map_err(said)? {
            return Err("sys.modules has been replaced".into());
        }
        let registered = modules().and_then(|modules| modules.dict_get(&self.name).ok().flatten());
        if !registered.is_some_and(|registered| registered.is(module)) || !is_fresh(&globals).map_err(said)? {
            return Err("the namespace is not fresh".into());
        }
        for name in ["__import__", "__build_class__"] {
            if foreign_builtin(&globals, name).map_err(said)? {
                return Err(format!("builtins.{name} has been replaced"));
            }
        }
        if is_watched().map_err(said)? {
            return Err("a tracer, profiler or monitoring tool is active".into());
        }
        let bundle = bundle::reader(&self.bundle).map_err(said)?;
        let entry = bundle.find(name).ok_or("the bundle has no such module")?;
        let block = entry.load().map_err(|error| error.to_string())?;
        Ok((block, globals))
    }

    /// The module's code object, for where it lies now: the bundle's, or else the loader's.
    fn code(&self, marshalled: &[u8]) -> Fallible<Object> {
        if marshalled.is_empty() {
            return self.loader.attribute(name!("get_code"))?.call1(&self.name);
        }
        let code = unmarshal(marshalled)?;
        if !code.is_exactly(&raw mut ffi::PyCode_Type) {
            return Err(crate::raise("the bundle holds no code for it"));
        }
        subclasses::notice_marshalled(marshalled, &code)?;
        subclasses::make_if_due();
        let same = code.attribute(name!("co_filename"))?.same_text(&self.filename);
        if !same {
            imported(c"_imp", "_fix_co_filename")?
                .call(&Object::tuple(vec![code.clone(), self.filename.clone()])?, None)?;
        }
        Ok(code)
    }
}

/// Whether `sys.modules` is the interpreter's own table.
fn is_own_module_table() -> Fallible<bool> {
    // SAFETY: borrowed from the interpreter.
    let found = unsafe { Object::borrowed(ffi::PySys_GetObject(c"modules".as_ptr())) };
    Ok(matches!((found, modules()), (Some(found), Some(modules)) if found.is(&modules)))
}

/// Nothing in it but what `importlib` puts into a new module.
fn is_fresh(globals: &Object) -> Fallible<bool> {
    let mut known = 0;
    for name in [
        "__name__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__path__",
        "__file__",
        "__cached__",
        "__builtins__",
    ] {
        known += isize::from(globals.dict_get_name(name)?.is_some());
    }
    // SAFETY: a module's dict.
    Ok(unsafe { ffi::PyDict_Size(globals.as_ptr()) } == known)
}

/// Whether anybody watches what the interpreter executes.
pub fn is_watched() -> Fallible<bool> {
    static QUESTIONS: GilProtected<Option<Questions>> = GilProtected::new(None);
    let questions = QUESTIONS.get_or_make(Questions::new)?;
    for ask in [questions.tracer, questions.profiler] {
        if !ask.call0()?.is_none() {
            return Ok(true);
        }
    }
    let Some(tool) = questions.monitoring_tool else { return Ok(false) };
    for id in 0..6 {
        let tool = tool.call1(&Object::int(id)?)?;
        if !tool.is_none() && !walkers::is_own_tool(&tool) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The functions of `sys` that tell who watches.
#[derive(Clone)]
struct Questions {
    tracer: Object,
    profiler: Object,
    /// From 3.12 on.
    monitoring_tool: Option<Object>,
}

impl Questions {
    fn new() -> Fallible<Self> {
        let monitoring = cfg!(Py_3_12).then(|| imported(c"sys", "monitoring")?.attribute(name!("get_tool")));
        Ok(Self {
            tracer: imported(c"sys", "gettrace")?,
            profiler: imported(c"sys", "getprofile")?,
            monitoring_tool: monitoring.transpose()?,
        })
    }
}
