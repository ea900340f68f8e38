/* The step of a `Fleet` in C, of which step.c is the end: the arithmetic that all parts share.
 *
 * The figures and their order are those of dynamics.py; sums of three products are added as
 * numpy.einsum adds them. So the two agree to the last bit but for atan2, acos and hypot, and a
 * world comes to the same bits in every batch: all is compiled without contraction of a * b + c and
 * without fast-math (contract/c_build.py).
 */
#include <math.h>
#include <string.h>

enum { ADRIFT = -1, PROGRADE = 2, NORMAL = 4, ANTIRADIAL = 7, TARGET = 8, ANTITARGET = 9, AIM = 10 };

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

static double mass(const Fleet *f, int64_t at, int64_t v) {
    double dry = f->dry[v] + f->propellant[at] * f->unit[v];
    return f->engines ? dry + f->fuel[at] * f->fuel_unit : dry;
}

static void between(const double *from, const double *to, double *out) {
    for (int i = 0; i < 3; i++) out[i] = to[i] - from[i];
}

static double norm(const double *a) { return sqrt(dot(a, a)); }

/* The angle between two vectors, rad. */
static double angle(const double *a, const double *b) {
    V one, other;
    unit(a, one);
    unit(b, other);
    return acos(at_most(at_least(dot(one, other), -1.0), 1.0));
}

/* A vector of three figures along the rows of a triad, as one in the triad's frame. */
static void along(const V *axes, const double *parts, double *out) {
    for (int j = 0; j < 3; j++)
        out[j] = (parts[0] * axes[0][j] + parts[1] * axes[1][j]) + parts[2] * axes[2][j];
}
