/* The life of one page: it goes out unless it is in use, is asked for once, and comes back. The twin of paging.toml.
 *
 * The page is in (0), out (1) or asked for (2). Two vCPUs use it ROUNDS times: look, count themselves as users, look again,
 * and only then read; who finds it out has it asked for by exchange, posts the request, and sleeps until it is in. The pager
 * marks it out, looks for users, and puts it back if there are some; then it sleeps for a request, writes the page and brings it in,
 * TIMES times. With LOOKS 0 the vCPUs do not look again: a user then reads what is out, and the counts tell the two apart.
 *
 * A step is one effect; what is decided by what it gave is decided in it. So each answer of a load that is only asked
 * about is no variable here, and each branch begins with the effect.
 */

byte state, users, content, posted;

active [2] proctype vcpu() {
    byte round, c;
again:
    if
    :: d_step { state == 0 -> skip }; goto in
    :: d_step { state != 0 -> skip }
    fi;
    if
    :: d_step { state == 1 -> state = 2 }; d_step { posted == 0 -> posted = 1 }
    :: d_step { state != 1 -> skip }
    fi;
    state == 0;
    goto again;
in:
    users++;
#if LOOKS
    if
    :: d_step { state == 0 -> skip }
    :: d_step { state != 0 -> skip }; goto gone
    fi;
#endif
    c = content;
    d_step { content = c + 1; c = 0 };
gone:
    if
    :: d_step { round + 1 < ROUNDS -> users--; round++ }; goto again
    :: d_step { round + 1 == ROUNDS -> users--; round = 0 }
    fi;
end:
    false
}

active proctype pager() {
    byte round;
again:
    if
    :: d_step { state == 0 -> state = 1 }
    :: d_step { state != 0 -> skip }; goto asked
    fi;
    if
    :: d_step { users == 0 -> skip }
    :: d_step { users != 0 -> skip }; goto used
    fi;
    content = 0;
    goto asked;
used:
    state = 0;
asked:
    if :: d_step { posted == 1 -> posted = 0 } fi;
    content = 3;
    if
    :: d_step { round + 1 < TIMES -> state = 0; round++ }; goto again
    :: d_step { round + 1 == TIMES -> state = 0; round = 0 }
    fi;
end:
    false
}
