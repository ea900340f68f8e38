/* What may move, how fast and how far, and when it ends by itself. */
#include "helm.h"

static struct limits limits[CHANNELS];
static struct {
    uint16_t from, target, beats, of; /* `beats` of `of` are done, the one being prepared included */
} path[CHANNELS];
static uint16_t silent_ms;
static bool held, stopped;
uint16_t motion_watchdog_ms = WATCHDOG_DEFAULT_MS, motion_trips;
uint8_t motion_configured;
bool motion_tripped;

static const struct verdict fine = {OK, NO_CHANNEL};

static struct verdict no(uint8_t status, uint8_t channel) {
    return (struct verdict){status, channel};
}

void motion_heard(void) { silent_ms = 0; }

static void stay(uint8_t channel, uint16_t width) {
    path[channel].from = path[channel].target = width;
    path[channel].beats = path[channel].of = 1;
    servo_next[channel] = width;
}

static void stay_all(void) {
    servo_lock();
    for (uint8_t i = 0; i < CHANNELS; i++)
        stay(i, servo_driven[i]);
    servo_unlock();
}

void motion_start(void) {
    for (uint8_t i = 0; i < CHANNELS; i++) {
        servo_driven[i] = (WIDTH_MIN + WIDTH_MAX) / 2;
        stay(i, servo_driven[i]);
    }
}

static bool moving(void) {
    for (uint8_t i = 0; i < CHANNELS; i++)
        if ((servo_armed & (1 << i)) && servo_driven[i] != path[i].target)
            return true;
    return false;
}

static void prepare(uint8_t i) {
    int32_t way = (int32_t)path[i].target - path[i].from;
    servo_next[i] = (uint16_t)(path[i].from + way * path[i].beats / path[i].of);
}

void motion_beat(void) {
    silent_ms = silent_ms < UINT16_MAX - BEAT_MS ? silent_ms + BEAT_MS : silent_ms;
    if (silent_ms > motion_watchdog_ms && servo_armed && !motion_tripped) {
        stay_all();
        held = motion_tripped = true;
        count(&motion_trips);
        return;
    }
    servo_lock();
    for (uint8_t i = 0; i < CHANNELS; i++)
        if (path[i].beats < path[i].of && servo_driven[i] == servo_next[i]) { /* taken over */
            path[i].beats++;
            prepare(i);
        }
    servo_unlock();
}

uint8_t motion_mode(void) {
    if (stopped)
        return MODE_STOPPED;
    if (!servo_armed)
        return MODE_RELEASED;
    if (moving())
        return MODE_MOVING;
    return held ? MODE_HELD : MODE_READY;
}

struct verdict motion_configure(uint8_t channel, const struct limits *wanted) {
    if (channel >= CHANNELS)
        return no(BAD_VALUE, NO_CHANNEL);
    if (wanted->lower < WIDTH_MIN || wanted->upper > WIDTH_MAX || wanted->lower >= wanted->upper ||
        wanted->start < wanted->lower || wanted->start > wanted->upper ||
        wanted->speed < SPEED_MIN || wanted->speed > SPEED_MAX)
        return no(BAD_VALUE, channel);
    struct limits *present = &limits[channel];
    if (servo_armed & (1 << channel)) {
        bool same = present->lower == wanted->lower && present->upper == wanted->upper &&
                    present->speed == wanted->speed;
        return same ? fine : no(ENERGISED, channel);
    }
    *present = *wanted;
    motion_configured |= 1 << channel;
    servo_lock();
    servo_driven[channel] = wanted->start;
    stay(channel, wanted->start);
    servo_unlock();
    return fine;
}

struct verdict motion_arm(uint8_t mask) {
    if (stopped)
        return no(STOPPED, NO_CHANNEL);
    for (uint8_t i = 0; i < CHANNELS; i++)
        if ((mask & ~motion_configured) & (1 << i))
            return no(UNCONFIGURED, i);
    servo_armed |= mask;
    held = motion_tripped = false;
    return fine;
}

static struct verdict refused(uint8_t mask, const uint16_t *targets) {
    if (stopped)
        return no(STOPPED, NO_CHANNEL);
    for (uint8_t i = 0; i < CHANNELS; i++) {
        if (!(mask & (1 << i)))
            continue;
        if (!(motion_configured & (1 << i)))
            return no(UNCONFIGURED, i);
        if (!(servo_armed & (1 << i)))
            return no(NOT_ARMED, i);
        if (targets[i] < limits[i].lower || targets[i] > limits[i].upper)
            return no(OUT_OF_LIMITS, i);
    }
    return fine;
}

/* Beats that the motion takes: as asked, or longer where a channel would have to be too fast. */
static uint16_t beats_for(uint8_t mask, uint16_t duration_ms, const uint16_t *targets) {
    uint16_t beats = (duration_ms + BEAT_MS - 1) / BEAT_MS;
    for (uint8_t i = 0; i < CHANNELS; i++) {
        if (!(mask & (1 << i)))
            continue;
        uint16_t here = servo_driven[i], step = limits[i].speed / BEATS_PER_S;
        uint16_t way = targets[i] > here ? targets[i] - here : here - targets[i];
        uint16_t needed = (way + step - 1) / step;
        if (needed > beats)
            beats = needed;
    }
    return beats;
}

/* All or nothing. Channels that are not in `mask` go on with what they do. */
struct verdict motion_move(uint8_t mask, uint16_t *duration_ms, const uint16_t *targets) {
    struct verdict verdict = refused(mask, targets);
    if (verdict.status != OK)
        return verdict;
    servo_lock();
    uint16_t beats = beats_for(mask, *duration_ms, targets);
    for (uint8_t i = 0; i < CHANNELS; i++)
        if (mask & (1 << i)) {
            path[i].from = servo_driven[i];
            path[i].target = targets[i];
            path[i].beats = 1;
            path[i].of = beats;
            prepare(i);
        }
    servo_unlock();
    held = motion_tripped = false;
    *duration_ms = beats * BEAT_MS;
    return fine;
}

void motion_hold(void) {
    stay_all();
    held = true;
}

void motion_stop(void) {
    stay_all();
    stopped = true;
}

void motion_reset(void) { stopped = held = motion_tripped = false; }

void motion_release(uint8_t mask) {
    servo_lock();
    for (uint8_t i = 0; i < CHANNELS; i++)
        if (mask & (1 << i))
            stay(i, servo_driven[i]);
    servo_armed &= (uint8_t)~mask;
    servo_unlock();
    if (!servo_armed)
        held = motion_tripped = false;
}
