//! What stands at a place in a text, as far as it concerns the module's own names and its imports.

use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::ir::Name;
use crate::names::mangle;
use crate::parse::parse;
use crate::stack::with_large_stack;
use crate::symbols::{self, Built, MODULE, Place, ScopeId, ScopeKind, node_key};

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// A name of the module's own namespace, then the attributes that are taken of it up to the place.
    Name { path: Vec<Name>, range: TextRange },
    /// The name of a module in an import statement, up to the place.
    Module { level: u32, module: Name, range: TextRange },
    /// A name that is taken from a module.
    Taken { level: u32, module: Name, name: Name, range: TextRange },
}

/// What stands at a byte offset of a text; nothing if the text has syntax errors.
pub fn locate(text: &str, version: (u8, u8), offset: TextSize) -> Option<Located> {
    let parsed = parse(text, version).ok()?;
    let module = parsed.module()?;
    let place = TextRange::empty(offset);
    if !module.range().contains_range(place) {
        return None;
    }
    with_large_stack(|| {
        let covering = covering_node(AnyNodeRef::from(module), place);
        let nodes: Vec<AnyNodeRef> = covering.ancestors().collect();
        located(&nodes, &symbols::build(module, text, version), offset)
    })
}

/// The nodes lead from the innermost to the module.
fn located(nodes: &[AnyNodeRef], built: &Built, offset: TextSize) -> Option<Located> {
    let (&node, around) = nodes.split_first()?;
    let of_module = |name: &str, scope| is_of_module(built, scope, name);
    match node {
        AnyNodeRef::Identifier(identifier) => {
            let parent = around.first()?;
            match parent {
                AnyNodeRef::Alias(alias) => imported(alias, identifier, around.get(1)?, built, &around[2..], offset),
                AnyNodeRef::ExprAttribute(attribute) => {
                    let scope = scope_at(around, built, offset);
                    let mut path = vec![Name::from(attribute.attr.as_str())];
                    let mut value = &*attribute.value;
                    while let Expr::Attribute(inner) = value {
                        path.push(inner.attr.as_str().into());
                        value = &inner.value;
                    }
                    let Expr::Name(name) = value else { return None };
                    path.push(name.id.as_str().into());
                    path.reverse();
                    of_module(&name.id, scope)
                        .then_some(Located::Name { path, range: TextRange::new(name.start(), attribute.end()) })
                }
                AnyNodeRef::StmtImportFrom(import) => Some(Located::Module {
                    level: import.level,
                    module: up_to(identifier, offset),
                    range: identifier.range,
                }),
                AnyNodeRef::StmtFunctionDef(_)
                | AnyNodeRef::StmtClassDef(_)
                | AnyNodeRef::StmtGlobal(_)
                | AnyNodeRef::ExceptHandlerExceptHandler(_)
                | AnyNodeRef::PatternMatchAs(_)
                | AnyNodeRef::PatternMatchStar(_)
                | AnyNodeRef::PatternMatchMapping(_) => {
                    let scope = scope_at(around, built, offset);
                    plain(identifier.as_str(), identifier.range, of_module(identifier.as_str(), scope))
                }
                _ => None,
            }
        }
        AnyNodeRef::ExprName(name) => {
            let scope = scope_at(around, built, offset);
            plain(name.id.as_str(), name.range, of_module(name.id.as_str(), scope))
        }
        _ => None,
    }
}

fn plain(name: &str, range: TextRange, is_of_module: bool) -> Option<Located> {
    is_of_module.then(|| Located::Name { path: vec![name.into()], range })
}

/// A dotted name up to the end of the part that the place is in.
fn up_to(dotted: &ast::Identifier, offset: TextSize) -> Name {
    let text = dotted.as_str();
    let inside = usize::from(offset.checked_sub(dotted.start()).unwrap_or_default()).min(text.len());
    // A dotted name may be written with spaces around its dots; then the place tells nothing.
    if usize::from(dotted.range.len()) != text.len() || !text.is_char_boundary(inside) {
        return text.into();
    }
    match text[inside..].find('.') {
        Some(dot) => text[..inside + dot].into(),
        None => text.into(),
    }
}

fn imported(
    alias: &ast::Alias,
    identifier: &ast::Identifier,
    statement: &AnyNodeRef,
    built: &Built,
    around: &[AnyNodeRef],
    offset: TextSize,
) -> Option<Located> {
    if alias.asname.as_ref().is_some_and(|name| name.range == identifier.range) {
        let scope = scope_at(around, built, offset);
        return plain(identifier.as_str(), identifier.range, is_of_module(built, scope, identifier.as_str()));
    }
    match statement {
        AnyNodeRef::StmtImport(_) => {
            Some(Located::Module { level: 0, module: up_to(identifier, offset), range: identifier.range })
        }
        AnyNodeRef::StmtImportFrom(import) => Some(Located::Taken {
            level: import.level,
            module: import.module.as_ref().map_or("", |module| module.as_str()).into(),
            name: identifier.as_str().into(),
            range: identifier.range,
        }),
        _ => None,
    }
}

/// The scope in which names at the place are looked up, by the innermost of the nodes around that opens one.
fn scope_at(around: &[AnyNodeRef], built: &Built, offset: TextSize) -> ScopeId {
    around.iter().find_map(|node| scope_opened(node, built, offset)).unwrap_or(MODULE)
}

/// The scope that the node opens, if the place is in what lies in that scope: decorators, defaults and the outermost
/// iterable of a comprehension don't.
fn scope_opened(node: &AnyNodeRef, built: &Built, offset: TextSize) -> Option<ScopeId> {
    let is_in = |body: &[ast::Stmt]| body.first().is_some_and(|first| first.start() <= offset);
    let is_after_iterable = |generators: &[ast::Comprehension]| {
        generators.first().is_none_or(|first| !first.iter.range().contains_inclusive(offset))
    };
    let (key, is_inside) = match *node {
        AnyNodeRef::StmtFunctionDef(function) => (node_key(function), is_in(&function.body)),
        AnyNodeRef::StmtClassDef(class) => (node_key(class), is_in(&class.body)),
        AnyNodeRef::ExprLambda(lambda) => (node_key(lambda), lambda.body.range().contains_inclusive(offset)),
        AnyNodeRef::ExprListComp(node) => (node_key(node), is_after_iterable(&node.generators)),
        AnyNodeRef::ExprSetComp(node) => (node_key(node), is_after_iterable(&node.generators)),
        AnyNodeRef::ExprDictComp(node) => (node_key(node), is_after_iterable(&node.generators)),
        AnyNodeRef::ExprGenerator(node) => (node_key(node), is_after_iterable(&node.generators)),
        _ => return None,
    };
    built.table.scope_by_key(key).filter(|_| is_inside)
}

/// Whether the name means the module's in this scope.
fn is_of_module(built: &Built, scope: ScopeId, name: &str) -> bool {
    let opened = built.table.scope(scope);
    if opened.kind == ScopeKind::Module {
        return true;
    }
    let class = opened.class.map(|class| built.names.get(class).to_string());
    let mangled = mangle(class.as_deref(), name);
    let Some(id) = built.names.find(&mangled) else { return false };
    matches!(built.table.place(scope, id), Place::GlobalExplicit | Place::GlobalImplicit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands at the `$` of a text.
    fn at(marked: &str) -> String {
        let offset = marked.find('$').unwrap_or_default();
        let text = marked.replace('$', "");
        match locate(&text, (3, 13), TextSize::try_from(offset).unwrap_or_default()) {
            None => "nothing".to_owned(),
            Some(Located::Name { path, range }) => format!("{} `{}`", path.join("."), &text[range]),
            Some(Located::Module { level, module, .. }) => format!("module {}{module}", ".".repeat(level as usize)),
            Some(Located::Taken { level, module, name, .. }) => {
                format!("{name} from {}{module}", ".".repeat(level as usize))
            }
        }
    }

    #[test]
    fn names_of_the_module_wherever_they_are_used() {
        assert_eq!(at("abc$ = 1\n"), "abc `abc`");
        assert_eq!(at("def f(): return $x\n"), "x `x`");
        assert_eq!(at("def $f(): pass\n"), "f `f`");
        assert_eq!(at("def f(a=$x, x=1): pass\n"), "x `x`");
        assert_eq!(at("class C:\n    y = $x\n"), "x `x`");
        assert_eq!(at("class $C: pass\n"), "C `C`");
        assert_eq!(at("def f():\n    global g\n    $g = 1\n"), "g `g`");
        assert_eq!(at("y = [x for x in $x]\n"), "x `x`");
        assert_eq!(at("y = m.sub.$name.more\n"), "m.sub.name `m.sub.name`");
    }

    #[test]
    fn names_of_inner_scopes_are_not_the_modules() {
        assert_eq!(at("def f(x): return $x\n"), "nothing");
        assert_eq!(at("def f(x):\n    return lambda: $x\n"), "nothing");
        assert_eq!(at("class C:\n    $x = 1\n"), "nothing");
        assert_eq!(at("class C:\n    def $f(self): pass\n"), "nothing");
        assert_eq!(at("y = [$x for x in z]\n"), "nothing");
        assert_eq!(at("y = lambda x: $x\n"), "nothing");
        assert_eq!(at("y = f(1).$x\n"), "nothing");
        assert_eq!(at("x = (\n$"), "nothing");
        assert_eq!(at(""), "nothing");
    }

    #[test]
    fn imports() {
        assert_eq!(at("import $a.b.c\n"), "module a");
        assert_eq!(at("import a.$b.c as d\n"), "module a.b");
        assert_eq!(at("import a.b as $d\n"), "d `d`");
        assert_eq!(at("from ..$a.b import c\n"), "module ..a");
        assert_eq!(at("from .a import b, $c as d\n"), "c from .a");
        assert_eq!(at("def f():\n    from a import $b\n"), "b from a");
    }
}
