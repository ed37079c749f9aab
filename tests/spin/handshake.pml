/* The global lock of a table and its ranges: whoever wants the whole waits for those who hold ranges, and keeps new ones out.
 * The twin of `Handshake` in core/tests/spin.rs.
 *
 * Two actors take the shared side and two ranges beneath it, and add one to each range's word; two others take the whole
 * and add one to both. Each does so ROUNDS times. With INVERTED 1 the second takes the ranges in the other order, and a ring
 * of waits can close beneath the shared side, with somebody queued for the whole or not.
 *
 * Who finds the shared side held by others queues, which is a step of its own after which it still asks; taking the whole
 * ends the queue. How often the shared side is held is one word, and who holds it another for each actor; both change in one
 * effect, so the count stands for both. A load and the store that it is for are one scope: what was loaded is 0 after it.
 */

byte shared, owner;
bool queued;
bool range[2];
byte word[2];

#define FIRST (INVERTED && _pid == 1)
#define SECOND (1 - FIRST)

active [2] proctype part() {
    byte round, v;
again:
    if :: d_step { owner == 0 && !queued -> shared++ } fi;
    d_step { range[FIRST] == 0 -> range[FIRST] = 1 };
    v = word[FIRST];
    d_step { word[FIRST] = v + 1; v = 0 };
    d_step { range[SECOND] == 0 -> range[SECOND] = 1 };
    v = word[SECOND];
    d_step { word[SECOND] = v + 1; v = 0 };
    range[SECOND] = 0;
    range[FIRST] = 0;
    if
    :: d_step { round + 1 < ROUNDS -> shared--; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> shared--; round = 0 }
    fi;
end:
    false
}

active [2] proctype whole() {
    byte round, v;
again:
    if
    :: d_step { owner == 0 && shared == 0 -> owner = _pid + 1; queued = 0 }
    :: d_step { owner == 0 && shared > 0 && !queued -> queued = 1 }; goto again
    fi;
    v = word[0];
    d_step { word[0] = v + 1; v = 0 };
    v = word[1];
    d_step { word[1] = v + 1; v = 0 };
    if
    :: d_step { round + 1 < ROUNDS -> owner = 0; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> owner = 0; round = 0 }
    fi;
end:
    false
}
