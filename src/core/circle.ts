/**
 * Sine and cosine of parts of a turn, sin(2 pi x) and cos(2 pi x), the same in every engine: the language leaves the last
 * digits of Math.sin to it. Reduced to an eighth of a turn, which is exact for turns, then the polynomials of fdlibm (Sun
 * Microsystems, 1993); right to two units in the last place of 1.
 */
const S1 = -0.16666666666666632;
const S2 = 0.00833333333332249;
const S3 = -0.0001984126982985795;
const S4 = 0.0000027557313707070068;
const S5 = -2.5050760253406863e-8;
const S6 = 1.58969099521155e-10;

const C1 = 0.0416666666666666;
const C2 = -0.001388888888887411;
const C3 = 0.00002480158728947673;
const C4 = -2.7557314351390663e-7;
const C5 = 2.087572321298175e-9;
const C6 = -1.1359647557788195e-11;

/** [sin(2 pi x), cos(2 pi x)], exact at quarters of a turn. */
export function sineAndCosine(turns: number): readonly [sine: number, cosine: number] {
  const quarters = Math.round(4 * turns);
  const angle = 2 * Math.PI * (turns - quarters / 4);
  const z = angle * angle;
  const sine = angle + angle * z * (S1 + z * (S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))));
  const cosine = 1 - z / 2 + z * z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))));
  const quarter = ((quarters % 4) + 4) % 4;
  // + 0 where a zero would be negative.
  if (quarter === 0) return [sine + 0, cosine];
  if (quarter === 1) return [cosine, 0 - sine];
  if (quarter === 2) return [0 - sine, -cosine];
  return [-cosine, sine + 0];
}
