import { defineRoute } from '../../http/route.ts'
import type { DeviceService } from '../device-service.ts'

export const listDevices = defineRoute('listDevices')(
  ({ devices }: { readonly devices: DeviceService }) =>
    (_request, { session }) =>
      devices.list(session),
)
