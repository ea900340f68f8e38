/* What the step reads and changes: the arrays of a `Fleet` and of its world, each laid out in C's
 * order; n worlds with k vessels each. fleet.py says what they hold. */
typedef struct {
    int64_t n, k;
    double dt, mu, fuel_unit;
    int engines; /* whether any vessel has a main engine */

    /* of every vessel: (k,), (k, 3) */
    const double *dry, *unit, *thrust, *flow, *slew_rate, *slew_acceleration;
    const double *main_thrust, *main_flow;

    /* what is asked of them */
    const double *throttle, *rotation, *main, *aim;
    const unsigned char *ignited, *rcs, *held;
    const int64_t *sas, *target;

    /* their state */
    double *met, *position, *velocity, *pull, *axes, *axes_before, *spin, *propellant, *fuel;
    unsigned char *over;
    int64_t *taken; /* (n,) the steps that were taken */

    /* how a world ends: whoever of two vessels are within `range` of each other is `caught` (n,) */
    unsigned char *caught[2]; /* NULL: no such pair */
    int64_t who[4];
    double range[2], timeout;
    int ends;
} Fleet;

static void fly(const Fleet *f, int64_t steps);
extern const char made_of[];
