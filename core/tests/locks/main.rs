//! Locks as operations and lessons meet them: needing more, policies, forms, each in small worlds that are searched
//! completely.

mod needs;
mod policies;
