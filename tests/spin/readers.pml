/* A lock with readers whose readers may come to write, as ranges are under the policy rw. The twin of readers.toml.
 *
 * Two actors read, and then ask to write without letting go: one waits until the other readers have gone, two wait for each
 * other for ever. A third only reads, a fourth only writes. Each does so ROUNDS times. With PROMOTES 0 the first two
 * let go before they ask.
 *
 * A step is one statement. The lock word and the reader's own record, in which it notes how deep it reads, are one
 * effect and always agree, so one bit for each reader stands for both. Of whoever reads and writes the first unlock ends the
 * reading. What was read is 0 once it is written: it is not read any more.
 */

byte writer;
bool reads[4];
byte seen;

#define OTHERS(me) (reads[0] && me != 0 || reads[1] && me != 1 || reads[2] && me != 2 || reads[3] && me != 3)

active [2] proctype both() {
    byte round, v;
again:
    if :: d_step { writer == 0 -> reads[_pid] = 1 } fi;
    v = seen;
#if !PROMOTES
    reads[_pid] = 0;
#endif
    d_step { writer == 0 && !OTHERS(_pid) -> writer = _pid + 1 };
    d_step { seen = v + 1; v = 0 };
#if PROMOTES
    reads[_pid] = 0;
#endif
    if
    :: d_step { round + 1 < ROUNDS -> writer = 0; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> writer = 0; round = 0 }
    fi;
end:
    false
}

active proctype reader() {
    byte round;
again:
    if :: d_step { writer == 0 -> reads[_pid] = 1 } fi;
    skip;
    if
    :: d_step { round + 1 < ROUNDS -> reads[_pid] = 0; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> reads[_pid] = 0; round = 0 }
    fi;
end:
    false
}

active proctype writes() {
    byte round;
again:
    if :: d_step { writer == 0 && !OTHERS(_pid) -> writer = _pid + 1 } fi;
    seen = 0;
    if
    :: d_step { round + 1 < ROUNDS -> writer = 0; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> writer = 0; round = 0 }
    fi;
end:
    false
}
