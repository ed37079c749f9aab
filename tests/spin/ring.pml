/* A bounded ring: two who post and sleep while it is full, one who takes and sleeps while it is empty. The twin of
 * ring.toml.
 *
 * POSTS requests of each, TAKES taken in all; with fewer than are posted, those who post last sleep for ever.
 *
 * A step is one statement with an effect, and what is private belongs to the step before it: counting on is done in the
 * step that posts. The variable of a poster that has ended is 0, and so is the taken request once it is added, since
 * what is not read any more is no part of the state.
 */

#define SLOTS 2

chan requests = [SLOTS] of { byte };
byte sum;

active [2] proctype poster() {
    byte i = 1;
again:
    if
    :: d_step { len(requests) < SLOTS && i < POSTS -> requests ! i + _pid * POSTS; i++ }; goto again
    :: d_step { len(requests) < SLOTS && i == POSTS -> requests ! i + _pid * POSTS; i = 0 }
    fi;
end:
    false
}

active proctype taker() {
    byte taken, n;
again:
    if :: d_step { len(requests) > 0 -> requests ? n; taken++ } fi;
    if
    :: d_step { taken < TAKES -> sum = sum + n; n = 0 }; goto again
    :: d_step { taken == TAKES -> sum = sum + n; n = 0; taken = 0 }
    fi;
end:
    false
}
