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
    const double *rotation;
    const int64_t *target;
    double *throttle, *main, *aim;
    unsigned char *ignited, *rcs;
    int64_t *sas;

    /* their state */
    double *met, *position, *velocity, *pull, *axes, *axes_before, *spin, *propellant, *fuel;
    unsigned char *over;
    int64_t *due; /* (n,) steps to be taken */

    /* how a world ends: whoever of two vessels are within `range` of each other is `caught` (n,) */
    unsigned char *caught[2]; /* NULL: no such pair */
    int64_t who[4];
    double range[2], timeout;
    int ends;

    /* who steers those that the agent does not, (n,): bots.py, and that of lady_bandit_guard */
    int mind;
    const int64_t *kinds;
    const double *start, *side;
    unsigned char *drawn, *awake, *cruising;
    double *until, *since, *toward;
    int64_t *phase;
    double exact, turning, activation_range, evade_range, cruise_throttle; /* their constants */
    double still, fast, longest, pointed, astray, alarm_range, looks, alarm_to_burn, burn;
    double cruise, navigation;
} Fleet;

enum { PURSUED = 1, ESCORTED = 2 }; /* minds */

static int64_t fly(const Fleet *f);
extern const char made_of[];
