//! Which mathematical functions the C library has here, as guards ask it.
//!
//! They round as they please, and the library chooses between variants of them by the processor. So what tells is the build
//! identifier of the library (`NT_GNU_BUILD_ID`) and where in it the chosen variants lie.

use crate::names::name;
use crate::object::{Fallible, Object};

/// Sets the attribute `libm` of the extension module: text, or no attribute where the library can't be told from others.
pub fn describe(module: &Object) -> Fallible<()> {
    match identity() {
        Some(identity) => module.set_attribute(name!("libm"), &Object::text(&identity)?),
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn identity() -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
use elf::identity;

#[cfg(target_os = "linux")]
mod elf {
    use std::ffi::{CStr, c_int, c_void};
    use std::fmt::Write;

    /// What `math`, `cmath` and powers call that is not exact.
    const FUNCTIONS: [&CStr; 24] = [
        c"acos", c"acosh", c"asin", c"asinh", c"atan", c"atan2", c"atanh", c"cbrt", c"cos", c"cosh", c"erf", c"erfc",
        c"exp", c"exp2", c"expm1", c"log", c"log10", c"log1p", c"log2", c"pow", c"sin", c"sinh", c"tan", c"tanh",
    ];

    /// A library, or the program, as it lies in memory.
    struct Loaded {
        base: usize,
        build: Vec<u8>,
    }

    pub fn identity() -> Option<String> {
        let mut text = String::new();
        let mut library: Option<Loaded> = None;
        for name in FUNCTIONS {
            // SAFETY: a C string.
            let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) } as usize;
            let library = match &library {
                Some(library) => library,
                None => {
                    let found = Loaded::around(address)?;
                    found.build.iter().try_for_each(|byte| write!(text, "{byte:02x}")).ok()?;
                    library.insert(found)
                }
            };
            // A function of another library has an offset that differs between processes.
            write!(text, " {:x}", address.wrapping_sub(library.base)).ok()?;
        }
        Some(text)
    }

    impl Loaded {
        /// The library that holds the address, if it has a build identifier.
        fn around(address: usize) -> Option<Loaded> {
            let mut search = Search { address, found: None };
            // SAFETY: the function is called with the pointer that is given here.
            unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
            search.found
        }
    }

    struct Search {
        address: usize,
        found: Option<Loaded>,
    }

    unsafe extern "C" fn visit(object: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
        // SAFETY: the loader hands us its description of an object, whose segments are mapped, and our own search.
        unsafe {
            let (object, search) = (&*object, &mut *search.cast::<Search>());
            let headers = std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum));
            let base = object.dlpi_addr as usize;
            let segment = |header: &libc::Elf64_Phdr| (base + header.p_vaddr as usize, header.p_memsz as usize);
            let holds = headers.iter().filter(|header| header.p_type == libc::PT_LOAD).map(segment);
            if !holds.into_iter().any(|(start, length)| (start..start + length).contains(&search.address)) {
                return 0;
            }
            let mut notes = headers.iter().filter(|header| header.p_type == libc::PT_NOTE).map(segment);
            let build =
                notes.find_map(|(start, length)| build_id(std::slice::from_raw_parts(start as *const u8, length)));
            search.found = build.map(|build| Loaded { base, build });
            1
        }
    }

    /// The build identifier among notes: of each, the lengths of its name and contents and its type come first, and name and
    /// contents are padded to four bytes (elf(5)).
    fn build_id(mut notes: &[u8]) -> Option<Vec<u8>> {
        const BUILD_ID: u32 = 3;
        loop {
            let (header, rest) = notes.split_at_checked(12)?;
            let word = |at: usize| Some(u32::from_ne_bytes(header.get(at..at + 4)?.try_into().ok()?));
            let (name_length, length) = (word(0)? as usize, word(4)? as usize);
            let (name, rest) = rest.split_at_checked(name_length.checked_next_multiple_of(4)?)?;
            if word(8)? == BUILD_ID && name == b"GNU\0" {
                return rest.get(..length).map(<[u8]>::to_vec);
            }
            notes = rest.get(length.checked_next_multiple_of(4)?..)?;
        }
    }
}
