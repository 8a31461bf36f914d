const Sentry = require('@sentry/node');
const amqplib = require('amqplib');
const express = require('express');
const { gateway } = require('../gateway.ts');

gateway({ amqplib, express, Sentry });
