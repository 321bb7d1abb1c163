import { defineRoute } from '../../http/route.ts'
import type { DeviceService } from '../device-service.ts'

export const replaceDevices = defineRoute('replaceDevices')(
  ({ devices }: { readonly devices: DeviceService }) =>
    async (request, { session }) => {
      await devices.replace(session, request)
      return {}
    },
)
