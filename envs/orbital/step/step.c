/* The physics step: attitude.py and fleet.py, which say what the figures mean, for one world after
 * the other. */
static void pointing(int64_t mode, const V *axes, const double *position, const double *velocity,
                     const double *towards, double *nose) {
    memcpy(nose, axes[0], sizeof(V));
    if (mode == TARGET || mode == ANTITARGET) {
        unit(towards, nose);
        scaled(nose, mode == TARGET ? 1.0 : -1.0, nose);
    } else if (mode >= PROGRADE && mode <= ANTIRADIAL) {
        static const int row[3] = {1, 2, 0}; /* prograde, normal, radial */
        int code = (int)mode - PROGRADE;
        V frame[3];
        track_axes(position, velocity, frame);
        scaled(frame[row[code / 2]], code % 2 == 0 ? 1.0 : -1.0, nose);
    }
}

/* wing: NULL leaves the roll */
static void error(const V *axes, const double *nose, const double *wing, double *out) {
    double ahead = dot(axes[0], nose), sideways = dot(axes[1], nose), below = dot(axes[2], nose);
    double sine = hypot(sideways, below), off = atan2(sine, ahead);
    out[0] = 0.0;
    if (sine < 1e-9) {
        out[1] = off;
        out[2] = 0.0;
    } else {
        double share = off / sine;
        out[1] = -below * share;
        out[2] = sideways * share;
    }
    if (wing) {
        double roll = atan2(dot(wing, axes[2]), dot(wing, axes[1]));
        out[0] = isnan(roll) ? 0.0 : roll;
    }
}

static double rate(double error, double acceleration, double limit, double dt) {
    double way = fabs(error) / (acceleration * (dt * dt));
    double k = floor(sqrt(0.25 + 2.0 * way) - 0.5);
    double stopping = (k + (way - 0.5 * k * (k + 1.0)) / (k + 1.0)) * (acceleration * dt);
    double sign = error > 0.0 ? 1.0 : error < 0.0 ? -1.0 : error;
    return sign * at_most(stopping, limit);
}

static void turn(V *axes, const double *spin, double dt) {
    V around, about, rows[2];
    along((const V *)axes, spin, around);
    double speed = sqrt(dot(around, around)), way = speed * dt;
    double cosine = cos(way), sine = sin(way), length = speed < 1e-12 ? 1e-12 : speed;
    for (int i = 0; i < 3; i++) about[i] = around[i] / length;
    for (int r = 0; r < 2; r++) {
        V across;
        double part = dot(about, axes[r]);
        cross(about, axes[r], across);
        for (int i = 0; i < 3; i++)
            rows[r][i] = (axes[r][i] * cosine + across[i] * sine)
                         + (part * about[i]) * (1.0 - cosine);
    }
    unit(rows[0], axes[0]);
    double slant = dot(axes[0], rows[1]);
    for (int i = 0; i < 3; i++) rows[1][i] = rows[1][i] - axes[0][i] * slant;
    unit(rows[1], axes[1]);
    cross(axes[0], axes[1], axes[2]);
}

/* Let SAS and the inputs of vessel v of world w ask for rates, and the wheels change the spin. */
static void steer(const Fleet *f, int64_t w, int64_t v) {
    int64_t at = w * f->k + v;
    const V *places = (const V *)f->position + w * f->k;
    const double *input = f->rotation + 3 * at, *most = f->slew_rate + 3 * v;
    const double *pace = f->slew_acceleration + 3 * v;
    double *spin = f->spin + 3 * at;
    V *axes = (V *)f->axes + 3 * at, asked;
    int64_t mode = f->sas[at];
    if (input[0] != 0.0 || input[1] != 0.0 || input[2] != 0.0) {
        asked[0] = input[2] * most[0];
        asked[1] = input[0] * most[1];
        asked[2] = input[1] * most[2];
    } else if (mode == ADRIFT) {
        memcpy(asked, spin, sizeof(V));
    } else {
        V nose, towards = {0.0, 0.0, 0.0}, off;
        const double *wing = NULL;
        if (f->target[at] != ADRIFT)
            between(places[v], places[f->target[at]], towards);
        pointing(mode, (const V *)axes, places[v], f->velocity + 3 * at, towards, nose);
        if (mode == AIM) {
            memcpy(nose, f->aim + 6 * at, sizeof(V));
            wing = f->aim + 6 * at + 3;
        }
        error((const V *)axes, nose, wing, off);
        for (int i = 0; i < 3; i++) asked[i] = rate(off[i], pace[i], most[i], f->dt);
    }
    for (int i = 0; i < 3; i++) {
        double limit = pace[i] * f->dt;
        spin[i] += at_most(at_least(asked[i] - spin[i], -limit), limit);
    }
    turn(axes, spin, f->dt);
}

/* Burn for one step; return the acceleration. */
static void spend(const Fleet *f, int64_t w, int64_t v, double *out) {
    int64_t at = w * f->k + v;
    double works = f->rcs[at] && f->propellant[at] > 0.0 ? 1.0 : 0.0, before = mass(f, at, v);
    const V *axes = (const V *)f->axes + 3 * at;
    V force;
    for (int i = 0; i < 3; i++)
        force[i] = (f->throttle[3 * at + i] * f->thrust[3 * v + i]) * works;
    double flow = ((fabs(force[0]) + fabs(force[1])) + fabs(force[2])) / f->flow[v];
    f->propellant[at] = at_least(f->propellant[at] - flow * f->dt, 0.0);
    if (f->engines) {
        double burning = f->ignited[at] && f->fuel[at] > 0.0 ? 1.0 : 0.0;
        double push = (f->main_thrust[v] * f->main[at]) * burning;
        f->fuel[at] = at_least(f->fuel[at] - push / f->main_flow[v] * f->dt, 0.0);
        force[0] += push;
    }
    double middle = 0.5 * (before + mass(f, at, v));
    along(axes, force, out);
    for (int j = 0; j < 3; j++) out[j] /= middle;
}

/* Velocity Verlet for vessel v of world w. */
static void fall(const Fleet *f, int64_t w, int64_t v, const double *thrust) {
    int64_t at = 3 * (w * f->k + v);
    double *position = f->position + at, *velocity = f->velocity + at, *pull = f->pull + at;
    V there;
    for (int i = 0; i < 3; i++)
        position[i] = (position[i] + velocity[i] * f->dt)
                      + (pull[i] + thrust[i]) * (0.5 * f->dt * f->dt);
    gravity(f->mu, position, there);
    for (int i = 0; i < 3; i++) {
        velocity[i] = velocity[i]
                      + ((pull[i] + thrust[i]) + there[i] + thrust[i]) * (0.5 * f->dt);
        pull[i] = there[i];
    }
}

/* Note who has come near whom, and whether that or the time ends the world. */
static void judge(const Fleet *f, int64_t w) {
    int caught = 0;
    for (int c = 0; c < 2; c++) {
        const double *a, *b;
        V gap;
        if (!f->caught[c]) continue;
        a = f->position + 3 * (w * f->k + f->who[2 * c]);
        b = f->position + 3 * (w * f->k + f->who[2 * c + 1]);
        between(a, b, gap);
        if (norm(gap) <= f->range[c]) f->caught[c][w] = 1;
        caught |= f->caught[c][w];
    }
    if (f->ends && (caught || f->met[w] > f->timeout)) f->over[w] = 1;
}

static void keep_axes(const Fleet *f, int64_t w) {
    memcpy(f->axes_before + 9 * w * f->k, f->axes + 9 * w * f->k, 9 * f->k * sizeof(double));
}

/* Set the controls of those who are steered by no agent; return whether they wait for chance. */
static int think(const Fleet *f, int64_t w) {
    if (f->drawn[w]) { /* what chance gave stands for this step */
        f->drawn[w] = 0;
        return 0;
    }
    return f->mind == PURSUED ? evade(f, w) : f->mind == ESCORTED ? escort(f, w) : 0;
}

/* Advance every world by the steps that are `due` to it, until it is over, or until its bot waits
 * for new random inputs; return how many wait, which have steps left and are not over. */
static int64_t fly(const Fleet *f) {
    int64_t waiting = 0;
    for (int64_t w = 0; w < f->n; w++) {
        while (f->due[w] && !f->over[w]) {
            if (think(f, w)) {
                waiting++;
                break;
            }
            keep_axes(f, w);
            for (int64_t v = 0; v < f->k; v++) steer(f, w, v);
            for (int64_t v = 0; v < f->k; v++) { /* none looks at another from here on */
                V thrust;
                spend(f, w, v, thrust);
                fall(f, w, v, thrust);
            }
            f->met[w] += f->dt;
            judge(f, w);
            f->due[w]--;
        }
    }
    return waiting;
}
