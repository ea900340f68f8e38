/* Lady and guard of lady_bandit_guard/bots.py, which says what they do: vessels (lady, bandit,
 * guard). */
enum { LADY = 0, BANDIT = 1, GUARD = 2 };
enum { HEURISTIC = 1, EVASIVE = 2, PROPORTIONAL = 3 }; /* bots, as in scenario.py */
enum {
    IDLE, WATCH, LADY_WAKES, LADY_TURNS, LADY_BURNS, GUARD_WAKES, BRAKE, PURSUE_TURN, CHASE, COAST,
    NAVIGATE
}; /* as in Phase */

static void enter(const Fleet *f, int64_t w, int64_t phase) {
    f->phase[w] = phase;
    f->since[w] = f->met[w];
}

static int lasted(const Fleet *f, int64_t w, int64_t phase, double seconds) {
    return f->phase[w] == phase && f->met[w] - f->since[w] >= seconds - f->exact;
}

static void flee(const Fleet *f, int64_t w, int started) {
    const V *places = (const V *)f->position + 3 * w;
    int64_t at = 3 * w + LADY;
    if (started && f->phase[w] == WATCH) {
        V lady, guard;
        double passed = f->met[w] - f->since[w];
        between(places[BANDIT], places[LADY], lady);
        between(places[BANDIT], places[GUARD], guard);
        if (fabs(passed - f->looks * rint(passed / f->looks)) < 0.5 * f->dt - f->exact
            && at_most(norm(lady), norm(guard)) < f->alarm_range)
            enter(f, w, LADY_WAKES);
    }
    if (lasted(f, w, LADY_WAKES, f->turning)) enter(f, w, LADY_TURNS);
    if (lasted(f, w, LADY_TURNS, f->alarm_to_burn - f->turning)) {
        enter(f, w, LADY_BURNS);
        f->ignited[at] = 1;
        f->main[at] = 1.0;
    }
    if (lasted(f, w, LADY_BURNS, f->burn)) {
        enter(f, w, GUARD_WAKES);
        f->main[at] = 0.0;
    }
    if (f->phase[w] >= LADY_WAKES) {
        V frame[3], nose, wing;
        double side = f->side[w];
        track_axes(f->position + 3 * at, f->velocity + 3 * at, frame);
        if (f->phase[w] == LADY_WAKES) {
            memcpy(nose, frame[1], sizeof(V));
            memcpy(wing, frame[2], sizeof(V));
        } else {
            scaled(frame[2], side, nose);
            scaled(frame[1], -side, wing);
        }
        aim_at(f, at, nose);
        memcpy(f->aim + 6 * at + 3, wing, sizeof(V));
    }
}

static void guard(const Fleet *f, int64_t w) {
    const V *places = (const V *)f->position + 3 * w, *moves = (const V *)f->velocity + 3 * w;
    int64_t at = 3 * w + GUARD;
    double *toward = f->toward + 3 * w;
    V place, closing, axes[3], nose;
    int turns = 0;
    between(places[GUARD], places[BANDIT], place);
    between(moves[BANDIT], moves[GUARD], closing); /* of the guard, relative to the bandit */
    double speed = norm(closing), astray = angle(closing, place);
    track_axes(places[GUARD], moves[GUARD], axes);
    if (lasted(f, w, GUARD_WAKES, f->turning)) {
        f->rcs[at] = 1;
        enter(f, w, BRAKE);
    }
    if (lasted(f, w, PURSUE_TURN, f->turning)) enter(f, w, CHASE);
    if (f->phase[w] == CHASE) {
        double chased = f->met[w] - f->since[w];
        if (speed > f->fast || chased > f->longest + f->exact
            || (astray > f->astray && chased > f->turning + f->exact))
            enter(f, w, COAST);
    }
    if (f->phase[w] == COAST && astray > f->astray) enter(f, w, BRAKE);
    if (f->phase[w] == BRAKE
        && (speed < f->still || f->met[w] - f->since[w] > f->longest + f->exact)) {
        enter(f, w, PURSUE_TURN);
        turns = 1;
    }
    int braking = f->phase[w] == BRAKE, chasing = f->phase[w] == CHASE;
    int away = braking || f->phase[w] == COAST;
    if (away || chasing || turns) {
        V way;
        unit(away ? closing : place, way);
        for (int i = 0; i < 3; i++) toward[i] = dot(axes[i], way);
    }
    along((const V *)axes, toward, nose);
    int pointed = angle(f->axes + 9 * at, nose) <= f->pointed;
    f->throttle[3 * at] = chasing ? 1.0 : braking && pointed ? -1.0 : 0.0;
    aim_at(f, at, nose);
}

static void navigate(const Fleet *f, int64_t w) {
    const V *places = (const V *)f->position + 3 * w, *moves = (const V *)f->velocity + 3 * w;
    int64_t at = 3 * w + GUARD;
    V place, moving, sight, turning, across, wanted;
    between(places[GUARD], places[BANDIT], place);
    between(moves[GUARD], moves[BANDIT], moving);
    unit(place, sight);
    double distance = at_least(norm(place), 1.0), closing = -dot(moving, sight);
    cross(place, moving, turning);
    for (int i = 0; i < 3; i++) turning[i] /= distance * distance;
    cross(turning, sight, across);
    for (int i = 0; i < 3; i++)
        wanted[i] = f->navigation * at_least(closing, 1.0) * across[i]
                    + (f->cruise - closing) / f->turning * sight[i];
    double weight = mass(f, at, GUARD);
    for (int i = 0; i < 3; i++) {
        double share = dot(f->axes + 9 * at + 3 * i, wanted) * weight / f->thrust[3 * GUARD + i];
        f->throttle[3 * at + i] = at_most(at_least(share, -1.0), 1.0);
    }
    f->rcs[at] = 1;
    aim_at(f, at, sight);
}

/* Set the controls of lady and guard for the coming step. */
static int escort(const Fleet *f, int64_t w) {
    int started = f->met[w] >= f->start[w] - f->exact;
    if (isnan(f->since[w]) && started) f->since[w] = f->met[w];
    if (f->kinds[w] == EVASIVE) flee(f, w, started);
    if (started && f->phase[w] >= GUARD_WAKES && f->phase[w] <= COAST) guard(f, w);
    if (started && f->phase[w] == NAVIGATE) navigate(f, w);
    return 0;
}
