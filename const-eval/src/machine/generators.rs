//! Generators: `next`, `send`, `throw`, `close` (`Objects/genobject.c`).

use super::frame::Frame;
use super::step::Exit;
use super::{Eval, Machine, Stop};
use crate::heap::Object;
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};

/// What a generator is given when it gets control.
pub(super) enum Resumption {
    /// The value of the `yield` at which it is suspended.
    Value(Value),
    /// An exception, raised there.
    Exception(Value),
}

impl Machine<'_> {
    /// Gives a generator control until it yields (`Ok`) or returns (`Err`).
    pub(super) fn resume(&mut self, object: ObjectRef) -> Eval<Result<Value, Value>> {
        self.resume_with(object, Resumption::Value(Value::None))
    }

    /// `gen_send_ex2`
    pub(super) fn resume_with(&mut self, object: ObjectRef, given: Resumption) -> Eval<Result<Value, Value>> {
        let Object::Generator(generator) = self.object_mut(object)? else { return self.malformed() };
        if generator.running {
            return self.raise_exactly("ValueError", "generator already executing");
        }
        let started = generator.started;
        if let Resumption::Value(value) = &given
            && !started
            && generator.frame.is_some()
            && !matches!(value, Value::None)
        {
            return self.raise_exactly("TypeError", "can't send non-None value to a just-started generator");
        }
        let Some(mut frame) = generator.frame.take() else {
            return match given {
                Resumption::Value(_) => Ok(Err(Value::None)),
                Resumption::Exception(exception) => Err(Stop::Raise(self.raise_object(exception, None)?)),
            };
        };
        generator.running = true;
        generator.started = true;
        let exit = self.continue_frame(&mut frame, started, given);
        let Object::Generator(generator) = self.object_mut(object)? else { return self.malformed() };
        generator.running = false;
        match exit {
            Ok(Exit::Yield(value)) => {
                generator.frame = Some(frame);
                Ok(Ok(value))
            }
            Ok(Exit::Return(value)) => Ok(Err(value)),
            Err(Stop::Raise(exception)) => {
                let stop_iteration = self.known.stop_iteration;
                if self.is_instance_of(&exception, stop_iteration)? {
                    return self.raise_from(exception, "RuntimeError", "generator raised StopIteration");
                }
                Err(Stop::Raise(exception))
            }
            Err(stop) => Err(stop),
        }
    }

    fn continue_frame(&mut self, frame: &mut Frame, started: bool, given: Resumption) -> Eval<Exit> {
        let delegates = started && !frame.at_yield;
        match given {
            Resumption::Value(value) if delegates => frame.sent = Some(value),
            Resumption::Value(value) if started => {
                frame.stack.push(value);
                frame.at_yield = false;
            }
            Resumption::Value(_) => {}
            Resumption::Exception(exception) => {
                frame.at_yield = false;
                let exception = match delegates {
                    false => exception,
                    true => match self.catching(|machine| machine.throw_into_delegate(frame, exception)) {
                        Ok(Ok(yielded)) => return Ok(Exit::Yield(yielded)),
                        Ok(Err(result)) => {
                            // It has returned: past the `yield from`, whose value this is.
                            self.pop(frame)?;
                            frame.stack.push(result);
                            frame.counter += 1;
                            return self.run(frame);
                        }
                        Err(Stop::Raise(exception)) => exception,
                        Err(stop) => return Err(stop),
                    },
                };
                return self.run_raising(frame, exception);
            }
        }
        self.run(frame)
    }

    /// `_gen_throw`, where a generator is suspended at `yield from`.
    fn throw_into_delegate(&mut self, frame: &mut Frame, exception: Value) -> Eval<Result<Value, Value>> {
        let iterator = self.peek(frame, 0)?;
        let Some(generator_exit) = self.world.ground().builtin("GeneratorExit") else { return self.malformed() };
        if self.is_instance_of(&exception, generator_exit)? {
            match self.as_generator(&iterator) {
                Some(generator) => {
                    self.close_generator(generator)?;
                }
                None => {
                    if let Some(close) = self.find_attribute(&iterator, "close")? {
                        self.call(&close, Vec::new(), Vec::new())?;
                    }
                }
            }
            return Err(Stop::Raise(exception));
        }
        match self.as_generator(&iterator) {
            Some(generator) => self.resume_with(generator, Resumption::Exception(exception)),
            None => match self.find_attribute(&iterator, "throw")? {
                Some(throw) => self.value_or_result(|machine| machine.call(&throw, vec![exception], Vec::new())),
                None => Err(Stop::Raise(exception)),
            },
        }
    }

    /// What `yield from` sends on (`gen_send_ex`, or the method `send` of something else).
    pub(super) fn send_on(&mut self, iterator: &Value, value: Value) -> Eval<Result<Value, Value>> {
        if matches!(value, Value::None) {
            return self.next_or_result(iterator);
        }
        match self.as_generator(iterator) {
            Some(generator) => self.resume_with(generator, Resumption::Value(value)),
            None => self.value_or_result(|machine| {
                let send = machine.get_attribute(iterator, "send")?;
                machine.call(&send, vec![value], Vec::new())
            }),
        }
    }

    /// The value of a call, or what the `StopIteration` that it raises brings.
    fn value_or_result(&mut self, call: impl FnOnce(&mut Self) -> Eval<Value>) -> Eval<Result<Value, Value>> {
        match self.catching(call) {
            Ok(value) => Ok(Ok(value)),
            Err(Stop::Raise(exception)) => {
                let stop_iteration = self.known.stop_iteration;
                if !self.is_instance_of(&exception, stop_iteration)? {
                    return Err(Stop::Raise(exception));
                }
                self.get_attribute(&exception, "value").map(Err)
            }
            Err(stop) => Err(stop),
        }
    }

    /// `gen_close`; from 3.13 on it gives what the generator returns.
    pub(super) fn close_generator(&mut self, object: ObjectRef) -> Eval<Value> {
        let Object::Generator(generator) = self.object_mut(object)? else { return self.malformed() };
        if !generator.started || generator.frame.is_none() && !generator.running {
            generator.frame = None;
            return Ok(Value::None);
        }
        let Some(generator_exit) = self.world.ground().builtin("GeneratorExit") else { return self.malformed() };
        let exit = self.new_exception(generator_exit, Vec::new());
        match self.catching(|machine| machine.resume_with(object, Resumption::Exception(exit))) {
            Ok(Ok(_)) => self.raise_exactly("RuntimeError", "generator ignored GeneratorExit"),
            Ok(Err(result)) if self.version() >= (3, 13) => Ok(result),
            Ok(Err(_)) => Ok(Value::None),
            Err(Stop::Raise(exception)) if self.is_instance_of(&exception, generator_exit)? => Ok(Value::None),
            Err(stop) => Err(stop),
        }
    }

    fn as_generator(&self, value: &Value) -> Option<ObjectRef> {
        match value {
            Value::Object(object) if matches!(self.object(*object), Object::Generator(_)) => Some(*object),
            _ => None,
        }
    }

    /// Methods of a generator.
    pub(super) fn generator_method(&mut self, name: &str, object: ObjectRef, positional: &[Value]) -> Eval<Value> {
        let outcome = match (name, positional) {
            ("send", [value]) => self.resume_with(object, Resumption::Value(value.clone()))?,
            // With three, it is deprecated from 3.12 on.
            ("throw", [_, exception, _]) if self.version() < (3, 12) && self.as_type(exception).is_none() => {
                return self.generator_method(name, object, std::slice::from_ref(exception));
            }
            ("throw", [exception]) if !self.may_be_exception(exception)? => {
                let class = self.type_of(exception)?;
                let kind = self.type_name(class);
                let message =
                    format!("exceptions must be classes or instances deriving from BaseException, not {kind}");
                return self.raise("TypeError", message);
            }
            ("throw", [exception]) => {
                let exception = self.as_exception(exception.clone())?;
                self.resume_with(object, Resumption::Exception(exception))?
            }
            ("close", []) => return self.close_generator(object),
            _ => return self.residual(Rule::NotModelled, format!("`{name}` of a generator")),
        };
        self.yielded_or_stop(outcome)
    }
}
