// From which enlargement on a picture's pixels are shown as they are, without blur.
export const PIXELS_FROM = 4;
