/* Shrinking by area as OpenCV does it (cv::INTER_AREA where a factor is no whole number): the same
 * float32 products and sums in the same order, so that the same bytes come out.
 *
 * OpenCV keeps each sum in memory; here the three colours of a pixel, with a fourth number that is
 * nothing, are one vector in a register. */
#include <string.h>

typedef float Four __attribute__((vector_size(16)));

/* Adds up one row across: `sums` is 4 floats a pixel of the small picture. */
static void add_across(const unsigned char *row, int wide, const Axis *across, float *colours,
                       float *restrict sums) {
    for (int i = 0; i < 3 * wide; i++) colours[i] = row[i];
    for (int x = 0; x < across->count; x++) {
        const float *at = colours + 3 * across->first[x];
        const float *weight = across->weight + across->start[x];
        const float *end = across->weight + across->start[x + 1];
        Four sum = {0, 0, 0, 0};
        for (; weight < end; weight++, at += 3) {
            Four colour;
            memcpy(&colour, at, sizeof colour);
            sum += colour * *weight;
        }
        memcpy(sums + 4 * x, &sum, sizeof sum);
    }
}

/* Writes sums as bytes, rounded to the nearest, halves to even. */
static void write_row(const float *sums, int count, unsigned char *small) {
    const float whole = 12582912.0f; /* 1.5 * 2^23: floats of this size have no fraction */
    for (int x = 0; x < count; x++)
        for (int c = 0; c < 3; c++) {
            float rounded = (sums[4 * x + c] + whole) - whole;
            small[3 * x + c] = rounded > 255.0f ? 255 : (unsigned char)rounded;
        }
}

void shrink(const unsigned char *picture, int64_t step, int wide, const Axis *across,
            const Axis *down, float *room, unsigned char *small) {
    int n = 4 * across->count, held = -1;
    float *colours = room, *row = room + 3 * wide + 1, *total = row + n;
    colours[3 * wide] = 0;
    for (int y = 0; y < down->count; y++) {
        int line = down->first[y];
        for (int k = down->start[y]; k < down->start[y + 1]; k++, line++) {
            if (line != held) /* rows at an edge belong to two rows of the small picture */
                add_across(picture + line * step, wide, across, colours, row);
            held = line;
            float weight = down->weight[k];
            if (k == down->start[y])
                for (int i = 0; i < n; i++) total[i] = weight * row[i];
            else
                for (int i = 0; i < n; i++) total[i] += weight * row[i];
        }
        write_row(total, across->count, small + (int64_t)3 * across->count * y);
    }
}
