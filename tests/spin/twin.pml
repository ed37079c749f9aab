/* The 4-actor twin of core/src/sim/twin.rs, in SPIN's language: one reference count, two locks, two map words.
 *
 * Each actor performs ROUNDS times: take a reference (load, compare-and-exchange, again if that fails), take the first
 * lock, add one to its map (load, store), the same with the second lock, release both, drop the reference. With
 * INVERTED 1 the actors 1 and 3 take the locks in the other order.
 *
 * One effect is one step. A value is set to 0 in the step that reads it last, as the log of a finished scope is
 * forgotten there; a step that ends a round counts it. An actor that has ended stays at a valid end instead of
 * dying, which would be a step of its own.
 */

#define FIRST (INVERTED && _pid % 2)
#define SECOND (1 - FIRST)

byte count;
byte lock[2];
byte map[2];

active [4] proctype actor() {
    byte round, seen;
again:
    seen = count;
    if
    :: d_step { seen == count -> count++; seen = 0 }
    :: d_step { seen != count -> seen = 0 }; goto again
    fi;
    d_step { lock[FIRST] == 0 -> lock[FIRST] = 1 };
    seen = map[FIRST];
    d_step { map[FIRST] = seen + 1; seen = 0 };
    d_step { lock[SECOND] == 0 -> lock[SECOND] = 1 };
    seen = map[SECOND];
    d_step { map[SECOND] = seen + 1; seen = 0 };
    lock[SECOND] = 0;
    lock[FIRST] = 0;
    if
    :: d_step { round + 1 < ROUNDS -> count--; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> count--; round = 0 }
    fi;
end:
    false
}
