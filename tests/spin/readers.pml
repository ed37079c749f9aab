/* A lock with readers whose readers may come to write, as ranges are under the policy rw. The twin of readers.toml.
 *
 * Two actors read, and then ask to write without letting go: one waits until the other readers have gone, two wait for each
 * other for ever. A third only reads, a fourth only writes. Each does so ROUNDS times. With PROMOTES 0 the first two
 * let go before they ask.
 *
 * A step is one effect. To lock an entry is two: the shared side of the table's lock, which here never has to wait, and the
 * range; to unlock it the same in the other order. The lock word and the reader's own record, in which it notes how deep
 * it reads, change in one effect and always agree, so one bit for each reader stands for both. Of whoever reads and
 * writes the first unlock ends the reading. What was read is 0 once it is written: it is not read any more.
 */

byte table, writer;
bool reads[4];
byte seen;

#define OTHERS(me) (reads[0] && me != 0 || reads[1] && me != 1 || reads[2] && me != 2 || reads[3] && me != 3)

active [2] proctype both() {
    byte round, v;
again:
    table++;
    d_step { writer == 0 -> reads[_pid] = 1 };
    v = seen;
#if !PROMOTES
    reads[_pid] = 0;
    table--;
#endif
    table++;
    d_step { writer == 0 && !OTHERS(_pid) -> writer = _pid + 1 };
    d_step { seen = v + 1; v = 0 };
#if PROMOTES
    reads[_pid] = 0;
    table--;
#endif
    writer = 0;
    if
    :: d_step { round + 1 < ROUNDS -> table--; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> table--; round = 0 }
    fi;
end:
    false
}

active proctype reader() {
    byte round;
again:
    table++;
    d_step { writer == 0 -> reads[_pid] = 1 };
    seen == seen;
    reads[_pid] = 0;
    if
    :: d_step { round + 1 < ROUNDS -> table--; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> table--; round = 0 }
    fi;
end:
    false
}

active proctype writes() {
    byte round;
again:
    table++;
    d_step { writer == 0 && !OTHERS(_pid) -> writer = _pid + 1 };
    seen = 0;
    writer = 0;
    if
    :: d_step { round + 1 < ROUNDS -> table--; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> table--; round = 0 }
    fi;
end:
    false
}
