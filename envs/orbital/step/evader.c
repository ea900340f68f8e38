/* The evaders of bots.py, which says what they do: vessels (evader, pursuer). */
enum { EVADER = 0, PURSUER = 1 };

static void aim_at(const Fleet *f, int64_t at, const double *nose) {
    f->sas[at] = AIM;
    memcpy(f->aim + 6 * at, nose, sizeof(V));
}

static void shun(const Fleet *f, int64_t w, const double *gap) {
    const V *moves = (const V *)f->velocity + 2 * w;
    int64_t at = 2 * w + EVADER;
    V moving, miss, frame[3];
    between(moves[PURSUER], moves[EVADER], moving);
    double left = -dot(gap, moving) / at_least(dot(moving, moving), 1e-9);
    for (int i = 0; i < 3; i++) miss[i] = gap[i] + moving[i] * at_least(left, 0.0);
    if (norm(miss) < 1.0) {
        track_axes(f->position + 3 * at, f->velocity + 3 * at, frame);
        memcpy(miss, frame[2], sizeof(V));
    } else {
        unit(miss, miss);
    }
    f->rcs[at] = 1;
    aim_at(f, at, miss);
    f->throttle[3 * at] = f->cruise_throttle * (left > 0.0 ? 1.0 : 0.0);
}

/* Set an evader's controls for the coming step; return whether it waits for new random inputs. */
static int evade(const Fleet *f, int64_t w) {
    const V *places = (const V *)f->position + 2 * w;
    int64_t at = 2 * w + EVADER, kind = f->kinds[w];
    V gap, frame[3];
    if (!(f->met[w] >= f->start[w] - f->exact)) return 0;
    between(places[PURSUER], places[EVADER], gap);
    double distance = norm(gap);
    int near = distance < f->activation_range;
    if ((kind == 2 || kind == 3) && near && !f->awake[w]) {
        f->awake[w] = f->rcs[at] = 1;
        f->sas[at] = kind == 3 ? NORMAL : PROGRADE;
    }
    if (kind == 2 && near && f->met[w] >= f->until[w] - f->exact) return 1;
    if (kind == 3 && near) f->throttle[3 * at] = distance < f->evade_range ? 1.0 : 0.0;
    if (kind == 4) {
        track_axes(f->position + 3 * at, f->velocity + 3 * at, frame);
        aim_at(f, at, frame[1]);
        memcpy(f->aim + 6 * at + 3, frame[2], sizeof(V));
        if (!f->cruising[w] && f->met[w] >= f->start[w] + f->turning - f->exact) {
            f->cruising[w] = f->rcs[at] = 1;
            f->throttle[3 * at] = f->cruise_throttle;
        }
    }
    if (kind == 5 && near) shun(f, w, gap);
    return 0;
}
