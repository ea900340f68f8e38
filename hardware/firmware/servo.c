/* Pulses for hobby servos on D2 to D7 (PD2 to PD7), one after the other in a beat of 20 ms.
 *
 * Timer1 runs free at 0.5 us a tick. The interrupt comes LEAD ticks before an edge and waits for
 * it, so that another interrupt that happens to run does not make a pulse longer. A release or a
 * new width takes effect at a beat: no pulse is ever cut short, which a servo would take for a
 * position.
 */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "helm.h"

#define FIRST_PIN 2
#define PINS (ALL_CHANNELS << FIRST_PIN)
#define BEAT_TICKS 40000u
#define SETTLE 200u /* from the beat to the first edge: time to take over the widths */
#define LEAD 32u

volatile uint16_t servo_driven[CHANNELS];
volatile uint16_t servo_next[CHANNELS];
volatile uint8_t servo_armed;
static volatile bool locked, began;

void servo_start(void) {
    PORTD &= (uint8_t)~PINS;
    DDRD |= PINS;
    TCCR1A = 0;
    TCCR1B = _BV(CS11);
    OCR1A = TCNT1 + SETTLE;
    TIMSK1 = _BV(OCIE1A);
}

void servo_lock(void) { locked = true; }
void servo_unlock(void) { locked = false; }

bool servo_waiting(void) { return began; }

bool servo_beat(void) {
    if (!began)
        return false;
    began = false; /* only after it was seen: one that comes in between is not lost */
    return true;
}

static uint8_t next_active(uint8_t channel, uint8_t active) {
    while (channel < CHANNELS && !(active & _BV(channel)))
        channel++;
    return channel;
}

ISR(TIMER1_COMPA_vect) {
    static bool pulsing;
    static uint8_t active, channel;
    static uint16_t beat, edge, width[CHANNELS];

    if (!pulsing) { /* a beat begins */
        beat = OCR1A;
        if (!locked) {
            for (uint8_t i = 0; i < CHANNELS; i++)
                servo_driven[i] = width[i] = servo_next[i];
            active = servo_armed;
        }
        began = true;
        channel = next_active(0, active);
        if (channel == CHANNELS) {
            OCR1A = beat + BEAT_TICKS;
            return;
        }
        pulsing = true;
        edge = beat + SETTLE;
        OCR1A = edge - LEAD;
        return;
    }
    uint8_t pins = PORTD & (uint8_t)~PINS;
    if (channel < CHANNELS)
        pins |= _BV(channel + FIRST_PIN);
    while ((int16_t)(TCNT1 - edge) < 0)
        ;
    PORTD = pins;
    if (channel == CHANNELS) { /* the last pulse has ended */
        pulsing = false;
        OCR1A = beat + BEAT_TICKS;
        return;
    }
    edge += width[channel];
    channel = next_active(channel + 1, active);
    OCR1A = edge - LEAD;
}
