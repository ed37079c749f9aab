//! The page's entry, run once, on the main thread.
//!
//! What tests may rely on, beside roles and names:
//!
//! | id or attribute | what |
//! |---|---|
//! | `#actors`, `#scene`, `#walk`, `#entry`, `#waits`, `#frames`, `#timeline`, `#explore`, `#live`, `#edit` | the panels, each with a heading |
//! | `[data-testid=actor-NAME]` | an actor's card |
//! | `[data-testid=thread-NAME] .operations` | what a live thread has done so far |
//! | `#step` | the Step button |
//! | `#sentence`, `#notice` | what just happened; why the last wish could not be met |
//! | `#position` | `k / n` |
//! | `#rules` | which rules are broken |
//! | `#waits .words` | the waits in words, a ring as `V0 -> V1 -> V0: ..` first |
//! | `#verdict` | how a search ended |
//! | `#live-says` | what there is to say about the threads |
//! | `#share-link`, `#share-long`, `#state-hash` | on the sheet of what can be handed out |
//! | `#palette`, `#offers`, `#keys`, `#keys-said`, `#picture`, `#report`, `#share` | sheets over the page, and what is on them |
//! | `#present`, `#answer` | the presenter's view; its answer, once it is asked for |
//! | `#printed` | what goes on paper, while the page is printed |
//! | `html[data-keys=heard]` | keys are heard from now on |
//! | `#open-full` | in a frame (`?embed`): the link to the whole page |
//! | `#trouble`, `#trouble-what`, `#trouble-text` | after a program error, made by `static/start.js` |
//! | event `p2mscope-break` | has a thread panic, `worker` or this one |
//! | `#faults` | the text's faults, each `line:column  message` |

fn main() {
    p2mscope_web::start();
}
