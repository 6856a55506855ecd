/**
 * The one configuration file: {@link io.cairnfs.common.config.ConfigKey} says what may stand in it,
 * {@link io.cairnfs.common.config.CairnConfiguration} reads it. Only process mains use this
 * package; everything else takes plain option records.
 */
package io.cairnfs.common.config;
