/* A vCPU that is paused and let go on by two others. The twin of pause.toml.
 *
 * Whoever pauses counts first, and then sleeps until the vCPU is outside the hypervisor. The vCPU is outside before its
 * first effect and once it has entered the guest; it begins nothing while somebody pauses it, and goes on with what it has
 * begun. With FORGETS 1 the first of the two does not let it go on.
 *
 * A step is one effect: `pause` has two, the count and the sleep. Whether the vCPU is inside is written in the step of its that
 * makes it so.
 */

byte paused;
bool inside;
byte seen;

active proctype vcpu() {
    byte round, v;
again:
    if :: d_step { paused == 0 -> v = seen; inside = 1 } fi;
    d_step { seen = v + 1; v = 0 };
    if
    :: d_step { round + 1 < ROUNDS -> inside = 0; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> inside = 0; round = 0 }
    fi;
end:
    false
}

active [2] proctype pauser() {
    byte round;
again:
    paused++;
    !inside;
    seen = 0;
    if
    :: d_step { round + 1 < ROUNDS -> paused = paused - (1 - FORGETS * (_pid == 1)); round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> paused = paused - (1 - FORGETS * (_pid == 1)); round = 0 }
    fi;
end:
    false
}
