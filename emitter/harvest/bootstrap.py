# Run as `python -I -S -B -c <this> <length>`: the first `length` bytes of standard input are a marshalled
# list of (name, source) pairs, the modules of the package `lyo_harvest`; `main.main()` takes over.
import marshal
import sys

package = type(sys)("lyo_harvest")
package.__path__ = []
sys.modules["lyo_harvest"] = package
for name, source in marshal.loads(sys.stdin.buffer.read(int(sys.argv[1]))):
    module = type(sys)("lyo_harvest." + name)
    sys.modules[module.__name__] = module
    setattr(package, name, module)
    exec(compile(source, "<lyo_harvest." + name + ">", "exec", dont_inherit=True), module.__dict__)
sys.modules["lyo_harvest.main"].main()
