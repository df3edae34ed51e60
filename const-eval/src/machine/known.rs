//! The C types that the evaluator itself speaks of, found once in the ground table.

use crate::ground::{Ground, GroundId};

macro_rules! known {
    ($($field:ident = $qualified:literal),* $(,)?) => {
        /// Ids of the types that the data model treats specially.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct Known {
            $(pub $field: GroundId,)*
        }

        impl Known {
            /// A type that the table lacks gets an id that no value has.
            pub fn find(ground: &Ground) -> Known {
                Known { $($field: ground.find($qualified).unwrap_or(GroundId(u32::MAX)),)* }
            }
        }
    };
}

known! {
    object = "builtins.object",
    type_ = "builtins.type",
    none_type = "builtins.NoneType",
    ellipsis = "builtins.ellipsis",
    not_implemented = "builtins.NotImplementedType",
    bool = "builtins.bool",
    int = "builtins.int",
    float = "builtins.float",
    complex = "builtins.complex",
    str = "builtins.str",
    bytes = "builtins.bytes",
    bytearray = "builtins.bytearray",
    tuple = "builtins.tuple",
    range = "builtins.range",
    slice = "builtins.slice",
    list = "builtins.list",
    dict = "builtins.dict",
    set = "builtins.set",
    frozenset = "builtins.frozenset",
    function = "builtins.function",
    method = "builtins.method",
    builtin = "builtins.builtin_function_or_method",
    method_descriptor = "builtins.method_descriptor",
    wrapper_descriptor = "builtins.wrapper_descriptor",
    member_descriptor = "builtins.member_descriptor",
    cell = "builtins.cell",
    module = "builtins.module",
    property = "builtins.property",
    static_method = "builtins.staticmethod",
    class_method = "builtins.classmethod",
    super_ = "builtins.super",
    eval = "builtins.eval",
    generator = "builtins.generator",
    coroutine = "builtins.coroutine",
    async_generator = "builtins.async_generator",
    mapping_proxy = "builtins.mappingproxy",
    dict_keys = "builtins.dict_keys",
    dict_values = "builtins.dict_values",
    dict_items = "builtins.dict_items",
    list_iterator = "builtins.list_iterator",
    tuple_iterator = "builtins.tuple_iterator",
    str_iterator = "builtins.str_iterator",
    str_ascii_iterator = "builtins.str_ascii_iterator",
    bytes_iterator = "builtins.bytes_iterator",
    range_iterator = "builtins.range_iterator",
    long_range_iterator = "builtins.longrange_iterator",
    set_iterator = "builtins.set_iterator",
    sequence_iterator = "builtins.iterator",
    dict_key_iterator = "builtins.dict_keyiterator",
    dict_value_iterator = "builtins.dict_valueiterator",
    dict_item_iterator = "builtins.dict_itemiterator",
    bytearray_iterator = "builtins.bytearray_iterator",
    list_reverse_iterator = "builtins.list_reverseiterator",
    frame = "builtins.frame",
    method_wrapper = "builtins.method-wrapper",
    getset_descriptor = "builtins.getset_descriptor",
    class_method_descriptor = "builtins.classmethod_descriptor",
    traceback = "builtins.traceback",
    generic_alias = "types.GenericAlias",
    union = "types.UnionType",
    base_exception = "builtins.BaseException",
    exception = "builtins.Exception",
    base_exception_group = "builtins.BaseExceptionGroup",
    exception_group = "builtins.ExceptionGroup",
    attribute_error = "builtins.AttributeError",
    stop_iteration = "builtins.StopIteration",
    code = "builtins.code",
    pattern = "re.Pattern",
    match_ = "re.Match",
    lock = "_thread.lock",
    reentrant_lock = "_thread.RLock",
    simple_namespace = "types.SimpleNamespace",
    abc_data = "_abc._abc_data",
    weak_reference = "_weakref.ReferenceType",
    default_dict = "_collections.defaultdict",
    ordered_dict = "_collections.OrderedDict",
    ordered_keys = "builtins.odict_keys",
    ordered_values = "builtins.odict_values",
    ordered_items = "builtins.odict_items",
    ordered_iterator = "builtins.odict_iterator",
    deque = "_collections.deque",
    chain = "itertools.chain",
    generic = "_typing.Generic",
    type_var = "_typing.TypeVar",
    param_spec = "_typing.ParamSpec",
    param_spec_args = "_typing.ParamSpecArgs",
    param_spec_kwargs = "_typing.ParamSpecKwargs",
    type_var_tuple = "_typing.TypeVarTuple",
    type_alias = "_typing.TypeAliasType",
}
