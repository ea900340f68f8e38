/* Helm: up to six hobby servos on an Arduino Uno (ATmega328P, 16 MHz), driven over a serial line.
 *
 * Starts with all pulses off and no limits known, which refuses every motion.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <string.h>

#include "helm.h"

/* Commands that are known again when the host sends them twice: the last few, for a second, so that
 * a host that uses its 256 numbers up does not meet an old one. */
#define REMEMBERED 8
#define REMEMBERED_BEATS BEATS_PER_S

static struct {
    uint8_t beats_left, sequence;
    uint16_t crc, value;
    struct verdict verdict;
} done[REMEMBERED];
static uint8_t done_next;
static uint16_t duplicates;
static uint32_t uptime_ms;
static uint8_t reset_cause __attribute__((section(".noinit")));

/* After a reset by the hardware watchdog it runs on at 15 ms: stop it before anything else. */
void before_main(void) __attribute__((naked, used, section(".init3")));
void before_main(void) {
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

static uint16_t get16(const uint8_t *bytes) { return bytes[0] | (uint16_t)bytes[1] << 8; }

static void put(struct frame *answer, uint32_t value, uint8_t bytes) {
    for (; bytes; bytes--, value >>= 8)
        answer->payload[answer->length++] = (uint8_t)value;
}

static void describe(struct frame *answer) {
    static const uint8_t who[] = {PROTOCOL, CHANNELS, 'h', 'e', 'l', 'm', VERSION};
    memcpy(answer->payload + answer->length, who, sizeof who);
    answer->length += sizeof who;
    put(answer, BUILD_HASH, 4);
}

static void report(struct frame *answer) {
    uint8_t flags = motion_tripped ? FLAG_WATCHDOG : 0;
    if (!(reset_cause & _BV(PORF))) { /* at power-on the others may be set, and mean nothing */
        flags |= reset_cause & _BV(WDRF) ? FLAG_WATCHDOG_RESET : 0;
        flags |= reset_cause & _BV(BORF) ? FLAG_BROWN_OUT : 0;
    }
    uint16_t driven[CHANNELS], next[CHANNELS];
    servo_lock(); /* one beat in the whole answer */
    put(answer, motion_mode(), 1);
    for (uint8_t i = 0; i < CHANNELS; i++) {
        driven[i] = servo_driven[i];
        next[i] = servo_next[i];
    }
    servo_unlock();
    put(answer, flags, 1);
    put(answer, servo_armed, 1);
    put(answer, motion_configured, 1);
    put(answer, uptime_ms, 4);
    put(answer, motion_watchdog_ms, 2);
    put(answer, link_bad_frames, 2);
    put(answer, link_dropped_bytes, 2);
    put(answer, link_overruns(), 2);
    put(answer, motion_trips, 2);
    put(answer, duplicates, 2);
    for (uint8_t i = 0; i < CHANNELS; i++)
        put(answer, driven[i], 2);
    for (uint8_t i = 0; i < CHANNELS; i++)
        put(answer, (next[i] - driven[i]) * BEATS_PER_S, 2);
}

static uint8_t expected_length(uint8_t command) {
    switch (command) {
    case CONFIG: return 9;
    case WATCHDOG: return 2;
    case ARM: case RELEASE: return 1;
    case MOVE: return 3 + 2 * CHANNELS;
    default: return 0;
    }
}

static bool is_mask(uint8_t mask) { return mask && mask <= ALL_CHANNELS; }

/* Carries out a command that changes something. *value: what is told beside the verdict. */
static struct verdict execute(const struct frame *frame, uint16_t *value) {
    static const struct verdict fine = {OK, NO_CHANNEL}, bad = {BAD_VALUE, NO_CHANNEL};
    const uint8_t *p = frame->payload;
    switch (frame->command) {
    case CONFIG: {
        struct limits wanted = {get16(p + 1), get16(p + 3), get16(p + 5), get16(p + 7)};
        return motion_configure(p[0], &wanted);
    }
    case WATCHDOG:
        if (get16(p) < WATCHDOG_MIN_MS || get16(p) > WATCHDOG_MAX_MS)
            return bad;
        motion_watchdog_ms = get16(p);
        return fine;
    case ARM:
        return is_mask(p[0]) ? motion_arm(p[0]) : bad;
    case MOVE: {
        uint16_t targets[CHANNELS];
        for (uint8_t i = 0; i < CHANNELS; i++)
            targets[i] = get16(p + 3 + 2 * i);
        *value = get16(p + 1);
        if (!is_mask(p[0]) || *value == 0 || *value > DURATION_MAX_MS)
            return bad;
        return motion_move(p[0], value, targets);
    }
    case HOLD:
        motion_hold();
        return fine;
    case RESET:
        motion_reset();
        reset_cause = 0;
        return fine;
    default: /* RELEASE */
        if (!is_mask(p[0]))
            return bad;
        motion_release(p[0]);
        return fine;
    }
}

/* Executes a command unless it was answered before: then the same answer is given again. */
static struct verdict once(const struct frame *frame, uint16_t *value) {
    for (uint8_t i = 0; i < REMEMBERED; i++)
        if (done[i].beats_left && done[i].sequence == frame->sequence) {
            if (done[i].crc != frame->crc)
                return (struct verdict){SEQUENCE_REUSED, NO_CHANNEL};
            count(&duplicates);
            *value = done[i].value;
            return done[i].verdict;
        }
    struct verdict verdict = execute(frame, value);
    done[done_next].beats_left = REMEMBERED_BEATS;
    done[done_next].sequence = frame->sequence;
    done[done_next].crc = frame->crc;
    done[done_next].value = *value;
    done[done_next].verdict = verdict;
    done_next = (done_next + 1) % REMEMBERED;
    return verdict;
}

static void forget(uint8_t beats) {
    for (uint8_t i = 0; i < REMEMBERED; i++)
        done[i].beats_left -= beats < done[i].beats_left ? beats : done[i].beats_left;
}

static void answer(const struct frame *frame) {
    static struct frame reply; /* static: too large for a comfortable stack */
    struct verdict verdict = {OK, NO_CHANNEL};
    uint16_t value = 0;
    if (frame->command < HELLO || frame->command > STATE)
        verdict.status = UNKNOWN_COMMAND;
    else if (frame->length != expected_length(frame->command))
        verdict.status = BAD_LENGTH;
    else if (frame->command == HELLO)
        forget(REMEMBERED_BEATS);
    else if (frame->command == STOP) /* every time, whatever its number */
        motion_stop();
    else if (frame->command != STATE)
        verdict = once(frame, &value);
    reply.length = 0;
    reply.sequence = frame->sequence;
    reply.command = frame->command | 0x80;
    put(&reply, verdict.status, 1);
    put(&reply, verdict.channel, 1);
    if (verdict.status == OK) {
        if (frame->command == HELLO)
            describe(&reply);
        else if (frame->command == STATE)
            report(&reply);
        else if (frame->command == MOVE)
            put(&reply, value, 2);
    }
    link_send(&reply);
}

int main(void) {
    static struct frame frame;
    motion_start();
    servo_start();
    link_start();
    set_sleep_mode(SLEEP_MODE_IDLE);
    wdt_enable(WDTO_250MS);
    sei();
    for (;;) {
        if (servo_beat()) { /* no beat, no motion: then the hardware watchdog restarts the board */
            wdt_reset();
            uptime_ms += BEAT_MS;
            motion_beat();
            link_beat();
            forget(1);
        }
        while (link_receive(&frame)) {
            motion_heard();
            answer(&frame);
        }
        cli();
        if (link_idle() && !servo_waiting()) {
            sleep_enable();
            sei(); /* takes effect after the next instruction: no interrupt slips in between */
            sleep_cpu();
            sleep_disable();
        }
        sei();
    }
}
