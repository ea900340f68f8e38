/* What the parts of the firmware share. The wire format is documented in docs/helm-protocol.md.
 *
 * servo.c   pulses on the pins, by timer interrupt, and the 20 ms beat of everything else
 * motion.c  limits, trajectories, the watchdog, what may move and what may not
 * link.c    bytes to frames and back: UART, CRC-16, resynchronisation
 * main.c    commands and answers
 */
#ifndef HELM_H
#define HELM_H

#include <stdbool.h>
#include <stdint.h>

#define PROTOCOL 1
#define VERSION 1, 0, 0
#define CHANNELS 6
#define ALL_CHANNELS ((1 << CHANNELS) - 1)
#define NO_CHANNEL 0xFF

/* Pulse widths are in ticks of 0.5 us (Timer1, 16 MHz / 8). */
#define WIDTH_MIN 1000u /* 0.5 ms: nothing is driven beyond these two, whatever the host says */
#define WIDTH_MAX 5000u /* 2.5 ms */
#define SPEED_MIN 200u  /* ticks a second; keeps the longest motion below 2^16 ms */
#define SPEED_MAX 32000u /* keeps a velocity within 16 bits, signed */
#define BEAT_MS 20u
#define BEATS_PER_S 50u
#define DURATION_MAX_MS 2000u
#define WATCHDOG_MIN_MS 100u
#define WATCHDOG_DEFAULT_MS 500u
#define WATCHDOG_MAX_MS 1000u

#define MAX_PAYLOAD 48
#define HEADER 5 /* sync, length, its complement, sequence, command */
#define MAX_FRAME (HEADER + MAX_PAYLOAD + 2)

enum command { HELLO = 1, CONFIG, WATCHDOG, ARM, MOVE, HOLD, STOP, RESET, RELEASE, STATE };
enum status {
    OK, UNKNOWN_COMMAND, BAD_LENGTH, BAD_VALUE, UNCONFIGURED, OUT_OF_LIMITS,
    NOT_ARMED, STOPPED, ENERGISED, SEQUENCE_REUSED
};
enum mode { MODE_RELEASED, MODE_READY, MODE_MOVING, MODE_HELD, MODE_STOPPED };
enum flag { FLAG_WATCHDOG = 1, FLAG_WATCHDOG_RESET = 2, FLAG_BROWN_OUT = 4 };

/* servo.c */
extern volatile uint16_t servo_driven[CHANNELS]; /* on the pins in this beat */
extern volatile uint16_t servo_next[CHANNELS];   /* on the pins from the next beat on */
extern volatile uint8_t servo_armed;             /* mask of channels that get pulses */
void servo_start(void);
void servo_lock(void);   /* the next beat repeats the present one until servo_unlock */
void servo_unlock(void);
bool servo_beat(void);   /* whether a beat began since the last call */
bool servo_waiting(void); /* the same, without taking it; call with interrupts off */

/* motion.c */
struct limits { uint16_t lower, upper, start, speed; };
struct verdict { uint8_t status, channel; };
extern uint16_t motion_watchdog_ms, motion_trips;
extern uint8_t motion_configured;
extern bool motion_tripped;
void motion_start(void);
void motion_heard(void); /* a valid frame arrived */
void motion_beat(void);  /* once a beat: trajectories and watchdog */
uint8_t motion_mode(void);
struct verdict motion_configure(uint8_t channel, const struct limits *wanted);
struct verdict motion_arm(uint8_t mask);
struct verdict motion_move(uint8_t mask, uint16_t *duration_ms, const uint16_t *targets);
void motion_hold(void);
void motion_stop(void);
void motion_reset(void);
void motion_release(uint8_t mask);

/* link.c */
struct frame { uint8_t length, sequence, command, payload[MAX_PAYLOAD]; uint16_t crc; };
extern uint16_t link_bad_frames, link_dropped_bytes;
void link_start(void);
bool link_idle(void);    /* whether no byte waits; call with interrupts off */
uint16_t link_overruns(void);
void link_beat(void);    /* once a beat: gives up a frame whose rest does not come */
bool link_receive(struct frame *frame);
void link_send(const struct frame *frame); /* drops the answer if there is no room for it */
void count(uint16_t *counter);             /* adds one, stays at 65535 */

#endif
