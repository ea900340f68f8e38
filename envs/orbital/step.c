/* The physics step of `Fleet`, for one world after the other. The figures and their order are those
 * of fleet.py, attitude.py and dynamics.py, which say what they mean; sums of three products are
 * added as numpy.einsum adds them. So that the two agree to the last bit but for atan2 and hypot,
 * and a world comes to the same bits in every batch, it is compiled without contraction of a * b + c
 * and without fast-math (step_build.py).
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { ADRIFT = -1, PROGRADE = 2, ANTIRADIAL = 7, TARGET = 8, ANTITARGET = 9, AIM = 10 };
enum { CATCHES = 2 };

typedef double V[3];

static double dot(const double *a, const double *b) {
    return ((a[0] * b[0] + a[2] * b[2]) + a[1] * b[1]) + 0.0; /* no sum is minus zero */
}

static void cross(const double *a, const double *b, double *out) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static void scaled(const double *a, double by, double *out) {
    for (int i = 0; i < 3; i++) out[i] = a[i] * by;
}

static void unit(const double *a, double *out) {
    double length = sqrt(dot(a, a));
    if (length < 1e-12) length = 1e-12;
    for (int i = 0; i < 3; i++) out[i] = a[i] / length;
}

static void gravity(double mu, const double *position, double *out) {
    double squared = dot(position, position);
    scaled(position, -mu / (squared * sqrt(squared)), out);
}

/* (outward, prograde, normal) as rows */
static void track_axes(const double *position, const double *velocity, V *out) {
    V normal;
    cross(position, velocity, normal);
    unit(velocity, out[1]);
    unit(normal, out[2]);
    cross(out[1], out[2], out[0]);
}

/* numpy's minimum and maximum: what is no number stays so */
static double at_most(double a, double b) { return isnan(a) || a < b ? a : b; }
static double at_least(double a, double b) { return isnan(a) || a > b ? a : b; }

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
    double sine = hypot(sideways, below), angle = atan2(sine, ahead);
    out[0] = 0.0;
    if (sine < 1e-9) {
        out[1] = angle;
        out[2] = 0.0;
    } else {
        double share = angle / sine;
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
    for (int j = 0; j < 3; j++)
        around[j] = (spin[0] * axes[0][j] + spin[1] * axes[1][j]) + spin[2] * axes[2][j];
    double speed = sqrt(dot(around, around)), angle = speed * dt;
    double cosine = cos(angle), sine = sin(angle), length = speed < 1e-12 ? 1e-12 : speed;
    for (int i = 0; i < 3; i++) about[i] = around[i] / length;
    for (int r = 0; r < 2; r++) {
        V across;
        double along = dot(about, axes[r]);
        cross(about, axes[r], across);
        for (int i = 0; i < 3; i++)
            rows[r][i] = (axes[r][i] * cosine + across[i] * sine)
                         + (along * about[i]) * (1.0 - cosine);
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
            for (int i = 0; i < 3; i++) towards[i] = places[f->target[at]][i] - places[v][i];
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

static double mass(const Fleet *f, int64_t at, int64_t v) {
    double dry = f->dry[v] + f->propellant[at] * f->unit[v];
    return f->engines ? dry + f->fuel[at] * f->fuel_unit : dry;
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
    for (int j = 0; j < 3; j++)
        out[j] = ((force[0] * axes[0][j] + force[1] * axes[1][j]) + force[2] * axes[2][j]) / middle;
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
    for (int c = 0; c < CATCHES; c++) {
        const double *a, *b;
        V gap;
        if (!f->caught[c]) continue;
        a = f->position + 3 * (w * f->k + f->who[2 * c]);
        b = f->position + 3 * (w * f->k + f->who[2 * c + 1]);
        for (int i = 0; i < 3; i++) gap[i] = a[i] - b[i];
        if (sqrt(dot(gap, gap)) <= f->range[c]) f->caught[c][w] = 1;
        caught |= f->caught[c][w];
    }
    if (f->ends && (caught || f->met[w] > f->timeout)) f->over[w] = 1;
}

static void keep_axes(const Fleet *f, int64_t w) {
    memcpy(f->axes_before + 9 * w * f->k, f->axes + 9 * w * f->k, 9 * f->k * sizeof(double));
}

/* Advance every world by `steps`, or until it is over; one that is held stands still. */
static void fly(const Fleet *f, int64_t steps) {
    int64_t longest = 0;
    for (int64_t w = 0; w < f->n; w++) {
        int64_t taken = 0, due = f->held[w] ? 0 : steps;
        if (!f->over[w] && !due) longest = steps;
        for (; taken < due && !f->over[w]; taken++) {
            keep_axes(f, w);
            for (int64_t v = 0; v < f->k; v++) steer(f, w, v);
            for (int64_t v = 0; v < f->k; v++) { /* none looks at another from here on */
                V thrust;
                spend(f, w, v, thrust);
                fall(f, w, v, thrust);
            }
            f->met[w] += f->dt;
            judge(f, w);
        }
        f->taken[w] = taken;
        if (taken > longest) longest = taken;
    }
    /* who stands still while others move has not turned in the last step */
    for (int64_t w = 0; w < f->n; w++)
        if (f->taken[w] < longest) keep_axes(f, w);
}
