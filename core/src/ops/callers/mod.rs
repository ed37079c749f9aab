//! Who uses the p2m from outside it: the callers whose look-ups the series' last patch made gets and puts.
//!
//! | family | what it does |
//! |---|---|
//! | [`copy`] | the hypervisor copies to and from a guest (`hvm_copy_to_guest`, `hvm_copy_from_guest`) |
//! | [`emulate`] | an instruction is emulated: on memory or a device, or from one page to another (`REP MOVS`) |
//! | [`switch`] | a hardware task switch |
//! | [`walk`] | a walk of the guest's own page tables, and a debugger's access behind one |
//! | [`shadow`] | a fault under shadow paging |
//! | [`nested`] | a fault of a guest's own guest, and that guest's control structure |
//! | [`kept`] | pages that the hypervisor keeps: vcpu_info, the ring of a pager |
//! | [`give`] | pages that the hypervisor fills: hypercall pages, transcendent memory |
//! | [`gref`] | nominating for sharing by a grant |
//!
//! Protocol. All of them get at a guest's page through [`page`], which has one policy: what the page's type allows, who
//! is asked to bring it, and what reference keeps it. What is needed while a page is used is the page, and so they hold
//! a reference and not its frame number; but for those that decide by what *stands* at a frame number, who hold it
//! until they have acted on that. Nobody holds a frame number while he asks the pager or waits for a device model (S16,
//! S17). Whatever cannot be done now answers `EAGAIN`, with nothing held and the pager asked, and is to be tried again
//! from the beginning.

pub mod copy;
pub mod emulate;
pub mod give;
pub mod gref;
pub mod kept;
pub mod nested;
pub mod page;
pub mod shadow;
pub mod switch;
pub mod walk;
