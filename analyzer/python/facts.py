# Describes the interpreter that runs it: one JSON object on stdout.
# Run as `python -I -S -c <this text>`: imports nothing but builtin and frozen
# modules and `json`, runs no `.pth` line and no `sitecustomize`. The first part must run on any
# Python, old ones included, so that they can be named in the error message.
import sys

facts = {
    "version": list(sys.version_info[:3]),
    "implementation": getattr(getattr(sys, "implementation", None), "name", "unknown"),
    "executable": sys.executable,
}
# In the order in which they finish: what is imported is entered in `sys.modules` once more at the end.
preloaded = list(sys.modules)


def site_directories(site, os):
    """The directories that `site.main` would add, in order, and the virtual environment's prefix."""
    directories = []
    prefix = None
    system_site = True
    here = os.path.dirname(os.path.abspath(sys.executable))
    for folder in (here, os.path.dirname(here)):
        config = os.path.join(folder, "pyvenv.cfg")
        if os.path.isfile(config):
            # site.venv: the prefix is the parent of the executable's folder.
            prefix = os.path.dirname(here)
            system_site = True
            with open(config, encoding="utf-8") as file:
                for line in file:
                    key, separator, value = line.partition("=")
                    if separator and key.strip().lower() == "include-system-site-packages":
                        system_site = value.strip().lower() == "true"
            break
    prefixes = [sys.base_prefix, sys.base_exec_prefix]
    user_site = True
    if prefix is not None:
        directories += site.getsitepackages([prefix])
        if system_site:
            prefixes.insert(0, prefix)
        else:
            prefixes = [prefix]
            user_site = False
    if hasattr(os, "getuid"):
        user_site = user_site and os.getuid() == os.geteuid() and os.getgid() == os.getegid()
    if user_site:
        path = site.getusersitepackages()
        if path and os.path.isdir(path):
            directories.append(path)
    # Debian's site.py asks sys.prefix whether it is in a virtual environment.
    directories += site.getsitepackages(prefixes)
    unique = []
    for directory in directories:
        directory = os.path.abspath(directory)
        if directory not in unique:
            unique.append(directory)
    return unique, prefix


def describe():
    import site
    loaded_by_site = [name for name in sys.modules if name not in preloaded]
    import _imp
    import importlib
    import os

    directories, virtual_environment = site_directories(site, os)
    frozen = []
    for name in _imp._frozen_module_names():
        found = _imp.find_frozen(name)
        if found is not None:
            frozen.append([name, bool(found[1]), found[2]])
    aliases = {}
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        actual = getattr(spec, "name", None) or getattr(module, "__name__", name)
        if actual != name and name != "__main__":
            aliases[name] = actual
    import _frozen_importlib_external as external

    facts.update(
        cache_tag=sys.implementation.cache_tag,
        magic=list(external.MAGIC_NUMBER),
        platform=sys.platform,
        os_name=os.name,
        prefix=virtual_environment or sys.prefix,
        base_prefix=sys.base_prefix,
        base_exec_prefix=sys.base_exec_prefix,
        virtual_environment=virtual_environment,
        stdlib=os.path.dirname(os.path.abspath(os.__file__)),
        path=[os.path.abspath(entry) for entry in sys.path],
        site_directories=directories,
        builtin_modules=sorted(sys.builtin_module_names),
        stdlib_modules=sorted(sys.stdlib_module_names),
        frozen_modules=frozen,
        aliases=aliases,
        preloaded_modules=preloaded,
        modules_of_site=loaded_by_site,
        extension_suffixes=_imp.extension_suffixes(),
        optimize=sys.flags.optimize,
        hash_bits=sys.hash_info.width,
    )


if facts["implementation"] == "cpython" and sys.version_info >= (3, 11):
    describe()

import json

sys.stdout.write(json.dumps(facts, sort_keys=True))
