// Builds the browser's pages from src/ into dist/site: static files with hashed names, no inline script or style, so that
// the api can serve them under its strict content policy. Rooms arrive as the compiler left them in their own dist.
import tailwind from '@tailwindcss/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/app/',
  publicDir: false,
  logLevel: 'warn',
  plugins: [tailwind()],
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    target: ['chrome116', 'firefox121', 'safari17'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Lazily loaded families of chains are as large as their libraries; the first load has a check of its own.
    chunkSizeWarningLimit: 2048,
  },
});
